import { escalations, handsOutCredentials, managesAccess, reads, readsData, takesNoResource } from "../iam/actions";
import { grants, isNarrowed, matches, named, narrowedBy, reachesAll, type Statement } from "../iam/document";
import { documentsOf, typesWith } from "../iam/places";
import { list, type Rule, type RuleResource } from "../rule";
import { types } from "../types";

/** Statements as their authors write them, one field at a time. */
export const statement = (fields: object) => ({
  Version: "2012-10-17",
  Statement: [{ Sid: "One", Effect: "Allow", ...fields }],
});

interface IdentityRule extends Pick<Rule, "id" | "alsoKnownAs" | "severity" | "title" | "rationale" | "remediation"> {
  /** What is wrong with one statement, or undefined. */
  readonly problem: (statement: Statement) => string | undefined;
  readonly good: object;
  readonly bad: object;
}

const example = (fields: object) => [{ type: types.rolePolicy, props: { policy: JSON.stringify(statement(fields)) } }];

/** A rule that holds for each statement of what a role, user or group may do. */
function identityRule({ problem, good, bad, ...about }: IdentityRule): Rule {
  return {
    ...about,
    types: typesWith("identity"),
    scope: "resource",
    check: (resource) => {
      const problems = documentsOf(resource, "identity").flatMap((one, index) => {
        const found = one.allow ? problem(one) : undefined;
        return found === undefined ? [] : [`${named(one, index)} ${found}`];
      });
      return problems[0];
    },
    passing: example(good),
    failing: example(bad),
  };
}

const isEverything = (pattern: string): boolean => /^\*+(:\*+)?$/.test(pattern);
const isWholeService = (pattern: string): boolean => /^[a-z0-9-]+:\*+$/i.test(pattern);

/** The first of some actions that a statement allows on everything, without a condition that narrows it. */
const openly = (one: Statement, actions: readonly string[]): string | undefined =>
  reachesAll(one) && !isNarrowed(one) ? actions.find((action) => grants(one, action)) : undefined;

const own = ["arn:aws:logs:us-east-1:123456789012:log-group:/own:*"];
const least = "Name the actions that the program calls and the resources that it calls them on.";

function escalation(resource: RuleResource): string | undefined {
  const open = documentsOf(resource, "identity").filter((one) => one.allow && reachesAll(one));
  const found = escalations.find((path) => path.every((action) => open.some((one) => grants(one, action))));
  return found === undefined
    ? undefined
    : `${found.join(" with ")} on everything gives its owner more rights than it has`;
}

/** Statements on everything whose actions could name a resource. */
function unnamed(one: Statement, writes: boolean): string | undefined {
  if (!reachesAll(one) || isNarrowed(one)) return undefined;
  const found = one.actions.find(
    (action) =>
      reads.test(action) !== writes &&
      !(writes ? false : /^[a-z0-9-]+:(Describe|List)/i.test(action)) &&
      !takesNoResource.some((pattern) => matches(pattern, action)),
  );
  return found === undefined ? undefined : `allows ${found} on everything`;
}

/** Policies of AWS's own that hand out far more than a program needs. */
const broadPolicies =
  /(AdministratorAccess|PowerUserAccess|IAMFullAccess|FullAccess|ReadOnlyAccess|SystemAdministrator)/;
const attachments = [
  types.rolePolicyAttachment,
  "aws:iam/userPolicyAttachment:UserPolicyAttachment",
  "aws:iam/groupPolicyAttachment:GroupPolicyAttachment",
  "aws:iam/policyAttachment:PolicyAttachment",
  types.role,
];
const managed = ({ props }: RuleResource): string[] =>
  [...list(props.policyArn), ...list(props.managedPolicyArns)].map(String);

function attachmentRule(about: Omit<Rule, "types" | "scope" | "check" | "passing" | "failing">, wrong: RegExp): Rule {
  const attached = (name: string) => [
    { type: types.rolePolicyAttachment, props: { policyArn: `arn:aws:iam::aws:policy/${name}` } },
  ];
  return {
    ...about,
    types: attachments,
    scope: "resource",
    check: (resource) => {
      const found = managed(resource).find((arn) => /^arn:[^:]*:iam::aws:policy\//.test(arn) && wrong.test(arn));
      return found === undefined ? undefined : `${found} is attached`;
    },
    passing: attached("service-role/AmazonRDSEnhancedMonitoringRole"),
    failing: attached(
      about.id === "CKV2_AWS_56"
        ? "IAMFullAccess"
        : about.id === "CKV_AWS_274"
          ? "AdministratorAccess"
          : "AmazonS3FullAccess",
    ),
  };
}

export const identityRules: readonly Rule[] = [
  identityRule({
    id: "CKV_AWS_62",
    alsoKnownAs: ["IAM.1"],
    severity: "critical",
    title: "No policy allows everything on everything",
    rationale: "Whoever breaks into the program then owns the account.",
    remediation: least,
    problem: (one) =>
      one.actions.some(isEverything) && reachesAll(one) ? "allows every action on everything" : undefined,
    good: { Action: ["logs:*"], Resource: own },
    bad: { Action: "*", Resource: "*" },
  }),
  identityRule({
    id: "CKV_AWS_63",
    severity: "critical",
    title: "No policy allows every action",
    rationale: "Actions that nobody thought of are allowed too, those of services to come included.",
    remediation: least,
    problem: (one) => (one.actions.some(isEverything) ? "allows every action" : undefined),
    good: { Action: ["logs:*"], Resource: own },
    bad: { Action: ["*"], Resource: own },
  }),
  identityRule({
    id: "CKV2_AWS_40",
    severity: "critical",
    title: "No policy allows all of IAM",
    rationale: "Whoever may change rights has all of them.",
    remediation: least,
    problem: (one) =>
      one.actions.some((action) => /^iam:\*+$/i.test(action)) && reachesAll(one) ? "allows iam:*" : undefined,
    good: { Action: ["iam:GetRole"], Resource: ["arn:aws:iam::123456789012:role/own"] },
    bad: { Action: ["iam:*"], Resource: "*" },
  }),
  identityRule({
    id: "IAM.21",
    severity: "high",
    title: "No policy allows all of a service on everything",
    rationale: "A star after the service's name takes in deletion, sharing and whatever the service learns later.",
    remediation: least,
    problem: (one) => {
      if (!reachesAll(one) || isNarrowed(one)) return undefined;
      const found = one.actions.find((action) => isWholeService(action) && !takesNoResource.includes(action));
      return found && `allows ${found} on everything`;
    },
    good: { Action: ["logs:*"], Resource: own },
    bad: { Action: ["logs:*"], Resource: "*" },
  }),
  identityRule({
    id: "GAP-IAM-NOT-ACTION",
    severity: "critical",
    title: "No policy allows all but some actions",
    rationale: "Allow with NotAction allows every service that AWS will ever have.",
    remediation: "List what is allowed under Action; keep NotAction for Deny.",
    problem: (one) => (one.notActions.length > 0 ? `allows everything but ${one.notActions.join(", ")}` : undefined),
    good: { Action: ["s3:GetObject"], Resource: own },
    bad: { NotAction: ["iam:*"], Resource: own },
  }),
  identityRule({
    id: "GAP-IAM-NOT-RESOURCE",
    severity: "high",
    title: "No policy allows all but some resources",
    rationale: "Allow with NotResource reaches everything that is made later.",
    remediation: "List what is reached under Resource; keep NotResource for Deny.",
    problem: (one) =>
      one.notResources.length > 0 ? `reaches everything but ${one.notResources.join(", ")}` : undefined,
    good: { Action: ["s3:GetObject"], Resource: own },
    bad: { Action: ["s3:GetObject"], NotResource: own },
  }),
  {
    id: "CKV_AWS_286",
    severity: "critical",
    title: "No policy lets its owner gain rights",
    rationale: "One such path makes every other limit of the role worthless.",
    remediation: "Limit the actions to named roles, functions or tasks, or give them to people instead of programs.",
    types: typesWith("identity"),
    scope: "resource",
    check: escalation,
    passing: example({ Action: ["sts:AssumeRole"], Resource: ["arn:aws:iam::123456789012:role/reader"] }),
    failing: example({ Action: ["iam:PassRole", "lambda:CreateFunction"], Resource: "*" }),
  },
  identityRule({
    id: "GAP-IAM-PASS-ROLE",
    severity: "critical",
    title: "Roles that may be passed are named",
    rationale: "A program that may pass any role runs with the strongest of them.",
    remediation: "Name the roles under Resource and the service under the condition iam:PassedToService.",
    problem: (one) => (grants(one, "iam:PassRole") && reachesAll(one) ? "passes any role" : undefined),
    good: { Action: ["iam:PassRole"], Resource: ["arn:aws:iam::123456789012:role/task"] },
    bad: { Action: ["iam:PassRole"], Resource: ["arn:aws:iam::123456789012:role/*"] },
  }),
  identityRule({
    id: "GAP-IAM-PASSED-TO",
    severity: "medium",
    title: "Roles are passed to a named service",
    rationale: "A role meant for a task must not end on an instance that somebody can log in to.",
    remediation: "Set the condition iam:PassedToService.",
    problem: (one) =>
      grants(one, "iam:PassRole") && !reachesAll(one) && !narrowedBy(one, ["iam:passedtoservice"])
        ? "passes roles to any service"
        : undefined,
    good: {
      Action: ["iam:PassRole"],
      Resource: ["arn:aws:iam::123456789012:role/task"],
      Condition: { StringEquals: { "iam:PassedToService": "ecs-tasks.amazonaws.com" } },
    },
    bad: { Action: ["iam:PassRole"], Resource: ["arn:aws:iam::123456789012:role/task"] },
  }),
  identityRule({
    id: "CKV_AWS_287",
    severity: "high",
    title: "Credentials are handed out for named users only",
    rationale: "An action that answers with credentials for everybody answers with those of the administrator.",
    remediation: "Name the users, roles or databases under Resource.",
    problem: (one) => {
      const found = openly(one, handsOutCredentials);
      return found && `allows ${found} on everything`;
    },
    good: { Action: ["rds-db:connect"], Resource: ["arn:aws:rds-db:us-east-1:123456789012:dbuser:db-1/shop"] },
    bad: { Action: ["rds-db:connect"], Resource: ["arn:aws:rds-db:us-east-1:123456789012:dbuser:*/*"] },
  }),
  identityRule({
    id: "CKV_AWS_288",
    severity: "high",
    title: "Data is read from named places only",
    rationale: "A program that may read every bucket, secret and parameter is the way to take them away.",
    remediation: "Name the buckets, secrets, parameters, tables or queues under Resource.",
    problem: (one) => {
      const found = openly(one, readsData);
      return found && `allows ${found} on everything`;
    },
    good: { Action: ["s3:GetObject"], Resource: ["arn:aws:s3:::documents/*"] },
    bad: { Action: ["s3:GetObject"], Resource: ["*"] },
  }),
  identityRule({
    id: "CKV_AWS_289",
    severity: "high",
    title: "Access is managed on named resources only",
    rationale: "Whoever may change who else has access can open everything to the world.",
    remediation: "Name the resources, or take the action away from the program.",
    problem: (one) => {
      const found = openly(one, managesAccess);
      return found && `allows ${found} on everything`;
    },
    good: { Action: ["s3:PutBucketPolicy"], Resource: ["arn:aws:s3:::documents"] },
    bad: { Action: ["s3:PutBucketPolicy"], Resource: ["*"] },
  }),
  identityRule({
    id: "CKV_AWS_290",
    severity: "high",
    title: "Changes are allowed on named resources only",
    rationale: "A program that may write to everything can destroy everything.",
    remediation: "Name the resources, or narrow by a condition such as aws:ResourceTag.",
    problem: (one) => unnamed(one, true),
    good: { Action: ["cloudwatch:PutMetricData"], Resource: ["*"] },
    bad: { Action: ["ecs:StopTask"], Resource: ["*"] },
  }),
  identityRule({
    id: "CKV_AWS_355",
    severity: "medium",
    title: "What can be limited to a resource is",
    rationale: "A star where a name would do tells an intruder about things that are none of the program's business.",
    remediation: "Name the resources.",
    problem: (one) => unnamed(one, false),
    good: { Action: ["ec2:DescribeInstances"], Resource: ["*"] },
    bad: { Action: ["ecr:BatchGetImage"], Resource: ["*"] },
  }),
  identityRule({
    id: "KMS.1",
    alsoKnownAs: ["KMS.2"],
    severity: "high",
    title: "Decryption is allowed with named keys only",
    rationale: "A role that may decrypt with every key makes the keys pointless.",
    remediation: "Name the keys under Resource, or set the condition kms:ViaService.",
    problem: (one) => {
      const found = openly(one, ["kms:Decrypt", "kms:ReEncryptFrom"]);
      return found && `allows ${found} with every key`;
    },
    good: { Action: ["kms:Decrypt"], Resource: ["arn:aws:kms:us-east-1:123456789012:key/1"] },
    bad: { Action: ["kms:Decrypt"], Resource: ["arn:aws:kms:us-east-1:123456789012:key/*"] },
  }),
  attachmentRule(
    {
      id: "CKV_AWS_274",
      severity: "critical",
      title: "Nobody has AdministratorAccess",
      rationale: "Whoever breaks into the program then owns the account.",
      remediation: "Write a policy with what is needed.",
    },
    /\/AdministratorAccess/,
  ),
  attachmentRule(
    {
      id: "CKV2_AWS_56",
      severity: "critical",
      title: "Nobody has IAMFullAccess",
      rationale: "Whoever may change rights has all of them.",
      remediation: "Write a policy with what is needed.",
    },
    /\/IAMFullAccess/,
  ),
  attachmentRule(
    {
      id: "AwsSolutions-IAM4",
      severity: "high",
      title: "Policies of AWS's own are narrow ones",
      rationale: "FullAccess, ReadOnlyAccess and PowerUserAccess reach everything of the account, and AWS widens them.",
      remediation: "Write a policy with what is needed.",
    },
    new RegExp(broadPolicies.source.replace("AdministratorAccess|", "").replace("IAMFullAccess|", "")),
  ),
  {
    id: "CKV_AWS_273",
    alsoKnownAs: ["IAM.22"],
    severity: "high",
    title: "Nobody is an IAM user with keys",
    rationale: "Keys without an end are found in repositories; people come by single sign-on, programs by roles.",
    remediation: "Use a role: IAM Identity Center for people, OIDC for pipelines, task roles for programs.",
    types: ["aws:iam/user:User", "aws:iam/accessKey:AccessKey", "aws:iam/userLoginProfile:UserLoginProfile"],
    scope: "resource",
    check: ({ type }) => `${type.split(":").at(-1)} is declared`,
    passing: [],
    failing: [{ type: "aws:iam/user:User" }],
  },
  {
    id: "CKV_AWS_46",
    severity: "critical",
    title: "User data holds no secret",
    rationale: "Whoever may describe an instance reads its user data, and it stays in every version of the template.",
    remediation: "Read the secret from Secrets Manager at boot with the instance's role.",
    types: [types.instance, types.launchTemplate],
    scope: "resource",
    check: ({ props }) => {
      const given = [props.userData, props.userDataBase64].filter((value) => typeof value === "string").map(String);
      const plain = given.flatMap((value) => [value, Buffer.from(value, "base64").toString("latin1")]);
      return plain.some((value) =>
        /AKIA[0-9A-Z]{16}|aws_secret_access_key\s*=|-----BEGIN [A-Z ]*PRIVATE KEY/i.test(value),
      )
        ? "user data holds credentials"
        : undefined;
    },
    passing: [{ type: types.instance, props: { userData: "#!/bin/sh\necho ready" } }],
    failing: [{ type: types.instance, props: { userData: "export AWS_ACCESS_KEY_ID=AKIAIOSFODNN7EXAMPLE" } }],
  },
];
