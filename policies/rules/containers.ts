import { at, list, parsed, propertyRule, type Rule, type RuleResource } from "../rule";

const definition = "aws:ecs/taskDefinition:TaskDefinition";
const service = "aws:ecs/service:Service";
const cluster = "aws:ecs/cluster:Cluster";

const containers = ({ props }: RuleResource): readonly unknown[] => list(parsed(props.containerDefinitions));

interface ContainerRule extends Pick<Rule, "id" | "severity" | "title" | "rationale" | "remediation"> {
  /** What is wrong with one container, or undefined. */
  readonly problem: (container: unknown) => string | undefined;
  readonly good: object;
  readonly bad: object;
}

/** A rule that holds for each container of a task definition. */
function containerRule({ problem, good, bad, ...about }: ContainerRule): Rule {
  const example = (container: object) => [
    { type: definition, props: { containerDefinitions: JSON.stringify([{ name: "web", ...container }]) } },
  ];
  return {
    ...about,
    types: [definition],
    scope: "resource",
    check: (resource) => {
      const problems = containers(resource).flatMap((container) => {
        const found = problem(container);
        return found === undefined ? [] : [`container ${String(at(container, "name"))}: ${found}`];
      });
      return problems[0];
    },
    passing: example(good),
    failing: example(bad),
  };
}

/** Names of environment variables that hold a secret by their name. */
const secretName = /(SECRET|PASSWORD|PASSWD|PRIVATE_KEY|API_KEY|ACCESS_KEY|TOKEN|CREDENTIAL)S?$/i;

/** Values that are a secret by their shape: keys of AWS and Stripe, private keys, URLs with a password in them. */
const secretValue = /AKIA[0-9A-Z]{16}|sk_live_|-----BEGIN [A-Z ]*PRIVATE KEY|[a-z]+:\/\/[^/\s:@]+:[^/\s@]+@/;

const noSecretInEnvironment: ContainerRule = {
  id: "AwsSolutions-ECS2",
  severity: "critical",
  title: "No secret stands in a plain environment variable",
  rationale:
    "The environment of a task definition is readable by everybody who may describe it, and stays in old revisions.",
  remediation: "Move it to Secrets Manager and name it under `secrets`.",
  problem: (container) => {
    const found = list(at(container, "environment")).find(
      (entry) => secretName.test(String(at(entry, "name"))) || secretValue.test(String(at(entry, "value"))),
    );
    return found === undefined ? undefined : `environment variable ${String(at(found, "name"))} looks like a secret`;
  },
  good: { environment: [{ name: "DB_HOST", value: "db" }], secrets: [{ name: "API_KEY", valueFrom: "arn" }] },
  bad: { environment: [{ name: "DB_PASSWORD", value: "x" }] },
};

export const containerRules: readonly Rule[] = [
  {
    id: "CKV_AWS_249",
    severity: "medium",
    title: "Task role and execution role differ",
    rationale: "The execution role may read secrets and pull images; the program in the container must not.",
    remediation: "Give the service a task role of its own.",
    types: [definition],
    scope: "resource",
    check: ({ props, references }) => {
      // Roles of the program are known by their resource before they have an ARN.
      const [task, execution] = [references.taskRoleArn, references.executionRoleArn].map((urns) => urns?.join());
      const same =
        task && execution
          ? task === execution
          : props.taskRoleArn !== undefined && props.taskRoleArn === props.executionRoleArn;
      return same ? "taskRoleArn equals executionRoleArn" : undefined;
    },
    passing: [{ type: definition, props: { taskRoleArn: "a", executionRoleArn: "b" } }],
    failing: [{ type: definition, props: { taskRoleArn: "a", executionRoleArn: "a" } }],
  },
  containerRule({
    id: "CKV_AWS_334",
    severity: "high",
    title: "Containers are not privileged",
    rationale: "A privileged container is root on its host.",
    remediation: "Remove privileged.",
    problem: (container) => (at(container, "privileged") === true ? "it is privileged" : undefined),
    good: { privileged: false },
    bad: { privileged: true },
  }),
  propertyRule({
    id: "CKV_AWS_332",
    alsoKnownAs: ["ECS.10"],
    severity: "medium",
    title: "Fargate tasks run on the newest platform",
    rationale: "Older platforms get no security fixes.",
    type: service,
    path: "platformVersion",
    allowed: ["LATEST", undefined],
    wrong: "1.3.0",
  }),
  propertyRule({
    id: "GAP-HOST-NETWORK",
    alsoKnownAs: ["ECS.17"],
    severity: "high",
    title: "Tasks do not share the host's network",
    rationale: "A task on the host's network reaches what listens for the host alone, its credentials included.",
    type: definition,
    path: "networkMode",
    allowed: ["awsvpc", undefined],
    wrong: "host",
  }),
  propertyRule({
    id: "CKV_AWS_335",
    severity: "high",
    title: "Tasks do not share the host's processes",
    rationale: "A shared process namespace lets a container read and signal the others.",
    remediation: "Remove pidMode host.",
    type: definition,
    path: "pidMode",
    allowed: [undefined, "task"],
    wrong: "host",
  }),
  containerRule({
    id: "CKV_AWS_336",
    severity: "medium",
    title: "Root file systems are read-only",
    rationale: "Whoever breaks in cannot leave anything behind.",
    remediation: "Set readonlyRootFilesystem and mount a volume where the program must write.",
    problem: (container) =>
      at(container, "readonlyRootFilesystem") === true ? undefined : "its root file system can be written",
    good: { readonlyRootFilesystem: true },
    bad: {},
  }),
  containerRule(noSecretInEnvironment),
  containerRule({
    id: "AwsSolutions-ECS7",
    severity: "medium",
    title: "Containers write their logs somewhere",
    rationale: "A task that stopped leaves nothing but its logs.",
    remediation: "Set logConfiguration.",
    problem: (container) => (at(container, "logConfiguration.logDriver") ? undefined : "it has no log driver"),
    good: { logConfiguration: { logDriver: "awslogs" } },
    bad: {},
  }),
  {
    id: "CKV_AWS_65",
    alsoKnownAs: ["AwsSolutions-ECS4", "ECS.12"],
    severity: "low",
    title: "Clusters have Container Insights",
    rationale: "Running-task counts and memory per service come from it.",
    remediation: 'Set settings to [{ name: "containerInsights", value: "enabled" }].',
    types: [cluster],
    scope: "resource",
    check: ({ props }) =>
      list(props.settings).some(
        (setting) =>
          at(setting, "name") === "containerInsights" && ["enabled", "enhanced"].includes(String(at(setting, "value"))),
      )
        ? undefined
        : "containerInsights is not enabled",
    passing: [{ type: cluster, props: { settings: [{ name: "containerInsights", value: "enabled" }] } }],
    failing: [{ type: cluster, props: {} }],
  },
];
