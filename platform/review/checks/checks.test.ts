import assert from "node:assert/strict";
import type { PropertyMap } from "../../engine/types";
import type { ResourceState } from "../../plan/model";
import { stateOfEvaluation } from "../../plan/states";
import { evaluation, record } from "../../plan/testing";
import { makeGraph } from "../../pricing/graph";
import { checks, runChecks } from ".";

type Resource = ReturnType<typeof record>;

/** A resource whose properties come from others: `links` gives the resources behind each property. */
const make = (
  type: string,
  name: string,
  inputs: PropertyMap = {},
  links: Record<string, readonly Resource[]> = {},
): Resource => {
  const from = Object.fromEntries(Object.entries(links).map(([key, others]) => [key, others.map(({ urn }) => urn)]));
  return record(type, name, inputs, { from });
};

const vpc = make("aws:ec2/vpc:Vpc", "vpc", { cidrBlock: "10.0.0.0/16" });
const otherVpc = make("aws:ec2/vpc:Vpc", "other", { cidrBlock: "10.1.0.0/16" });
const subnet = (name: string, cidrBlock: string, availabilityZone = `us-east-1${name}`, home = vpc) =>
  make("aws:ec2/subnet:Subnet", name, { cidrBlock, availabilityZone }, { vpcId: [home] });
const [a, b] = [subnet("a", "10.0.0.0/24"), subnet("b", "10.0.1.0/24")];
const securityGroup = (name: string, inputs: PropertyMap = {}, home = vpc) =>
  make("aws:ec2/securityGroup:SecurityGroup", name, inputs, { vpcId: [home] });
const balancer = (subnets: Resource[], groups: Resource[] = []) =>
  make(
    "aws:lb/loadBalancer:LoadBalancer",
    "lb",
    { subnets: subnets.map(({ name }) => name) },
    { subnets, securityGroups: groups },
  );
const targets = (inputs: PropertyMap) => [make("aws:lb/targetGroup:TargetGroup", "tg", inputs)];
const role = (service: string) =>
  make("aws:iam/role:Role", "role", {
    assumeRolePolicy: JSON.stringify({ Statement: [{ Principal: { Service: `${service}.amazonaws.com` } }] }),
  });
const task = (taskRole: Resource) =>
  make("aws:ecs/taskDefinition:TaskDefinition", "task", { family: "task" }, { taskRoleArn: [taskRole] });
const [ecsRole, lambdaRole] = [role("ecs-tasks"), role("lambda")];
const template = make("aws:ec2/launchTemplate:LaunchTemplate", "lt", { instanceType: "g5.xlarge" });
const nodes = (minSize: number, maxSize: number) =>
  make("aws:autoscaling/group:Group", "nodes", { minSize, maxSize }, { launchTemplate: [template] });
const follows = (group: Resource) =>
  make(
    "aws:autoscaling/policy:Policy",
    "p",
    { policyType: "TargetTrackingScaling" },
    { autoscalingGroupName: [group] },
  );
const [moving, fixed] = [nodes(1, 4), nodes(2, 2)];
const topic = make("aws:sns/topic:Topic", "alerts");
const silent = make("aws:cloudwatch/metricAlarm:MetricAlarm", "silent", { alarmActions: [] });
const composite = (alarm: Resource) =>
  make("aws:cloudwatch/compositeAlarm:CompositeAlarm", "c", { alarmRule: 'ALARM("x")' }, { alarmRule: [alarm] });
const alarmOn = (namespace: string, metricName: string, keys: readonly string[]) =>
  make("aws:cloudwatch/metricAlarm:MetricAlarm", "m", {
    alarmActions: ["arn"],
    metricQueries: [
      { id: "m1", metric: { namespace, metricName, dimensions: Object.fromEntries(keys.map((key) => [key, "x"])) } },
    ],
  });
const widgetOn = (line: readonly unknown[]) =>
  make("aws:cloudwatch/dashboard:Dashboard", "d", {
    dashboardBody: JSON.stringify({ widgets: [{ type: "text" }, { properties: { metrics: [line] } }] }),
  });
const addresses = (count: number) => Array.from({ length: count }, (_, index) => make("aws:ec2/eip:Eip", `e${index}`));
const crowded = securityGroup("crowded", {
  ingress: [{ cidrBlocks: Array.from({ length: 61 }, (_, index) => `10.0.${index}.0/24`) }],
});

interface Example {
  readonly passing: readonly Resource[];
  readonly failing: readonly Resource[];
  readonly says: RegExp;
  /** @default prod */
  readonly failingStack?: string;
}

const examples: Readonly<Record<string, readonly Example[]>> = {
  "LIMIT-NAME": [
    {
      passing: [
        make("aws:sqs/queue:Queue", "q1", { name: "jobs" }),
        make("aws:sqs/queue:Queue", "q2", { name: "Jobs" }),
        make("aws:autoscaling/lifecycleHook:LifecycleHook", "h1", { name: "launch" }),
        make("aws:autoscaling/lifecycleHook:LifecycleHook", "h2", { name: "launch" }),
      ],
      failing: [make("aws:iam/role:Role", "r1", { name: "task" }), make("aws:iam/role:Role", "r2", { name: "TASK" })],
      says: /name "TASK" is also that of r1/,
    },
  ],
  "LIMIT-SG-RULES": [{ passing: [securityGroup("quiet")], failing: [crowded], says: /61 ingress rules/ }],
  "LIMIT-QUOTA": [
    { passing: addresses(5), failing: addresses(6), says: /6 elastic addresses, the default quota is 5/ },
  ],
  "LIMIT-EPHEMERAL": [
    {
      passing: [vpc, ...addresses(2)],
      failing: addresses(2),
      failingStack: "pr-7",
      says: /takes 2 of the region's 5 elastic addresses, so 2 such stacks fit/,
    },
  ],
  "LIMIT-GPU-VCPU": [
    { passing: [nodes(0, 0)], failing: [template, moving], says: /need a quota of 16 vCPUs of the G family/ },
    {
      passing: [],
      failing: [
        make("aws:ec2/launchTemplate:LaunchTemplate", "bare"),
        make(
          "aws:autoscaling/group:Group",
          "mixed",
          { maxSize: 2, mixedInstancesPolicy: { launchTemplate: { overrides: [{ instanceType: "g5.2xlarge" }] } } },
          { mixedInstancesPolicy: [make("aws:ec2/launchTemplate:LaunchTemplate", "bare")] },
        ),
      ],
      says: /need a quota of 16 vCPUs/,
    },
  ],
  "LIMIT-CIDR": [
    {
      passing: [vpc, otherVpc, a, b, subnet("c", "10.0.0.0/24", "us-east-1c", otherVpc)],
      failing: [vpc, a, subnet("d", "10.0.0.128/25")],
      says: /10\.0\.0\.128\/25 overlaps a/,
    },
  ],
  "WIRING-VPC": [
    {
      passing: [vpc, a, b, securityGroup("web"), balancer([a, b], [securityGroup("web")])],
      failing: [vpc, otherVpc, a, b, ...withBalancer(securityGroup("lost", {}, otherVpc))],
      says: /belongs to another VPC/,
    },
    {
      passing: [],
      failing: [vpc, otherVpc, a, ...databaseIn(a, securityGroup("lost", {}, otherVpc))],
      says: /belongs to another VPC/,
    },
  ],
  "WIRING-HEALTH-CHECK": [
    {
      passing: targets({ protocol: "HTTP", healthCheck: { interval: 10, timeout: 5, matcher: "200" } }),
      failing: targets({ protocol: "HTTP", healthCheck: { interval: 5, timeout: 5 } }),
      says: /timeout of 5 s is not shorter than its interval of 5 s/,
    },
    {
      passing: targets({ protocol: "TCP", healthCheck: { protocol: "HTTP", matcher: "200" } }),
      failing: targets({ protocol: "TCP", healthCheck: { matcher: "200" } }),
      says: /matcher means nothing for protocol TCP/,
    },
  ],
  "WIRING-ZONES": [
    { passing: [vpc, a, b, balancer([a, b])], failing: [vpc, a, balancer([a])], says: /subnets names one subnet/ },
    {
      passing: [],
      failing: [vpc, a, ...[subnet("e", "10.0.2.0/24", "us-east-1a")].flatMap((e) => [e, balancer([a, e])])],
      says: /every subnet is in us-east-1a/,
    },
  ],
  "WIRING-ROLE": [{ passing: [ecsRole, task(ecsRole)], failing: [ecsRole], says: /no resource of this stack uses/ }],
  "WIRING-TRUST": [
    {
      passing: [ecsRole, task(ecsRole)],
      failing: [lambdaRole, task(lambdaRole)],
      says: /task needs it, but its trust policy does not name ecs-tasks\.amazonaws\.com/,
    },
    {
      passing: [...taskWithDocument("ecs-tasks")],
      failing: [...taskWithDocument("lambda")],
      says: /does not name ecs-tasks/,
    },
  ],
  "WIRING-TRACKING": [
    { passing: [moving, follows(moving)], failing: [fixed, follows(fixed)], says: /minimum and maximum are both 2/ },
  ],
  "WIRING-ALARM-ACTION": [
    {
      passing: [topic, make("aws:cloudwatch/metricAlarm:MetricAlarm", "m", {}, { alarmActions: [topic] })],
      failing: [make("aws:cloudwatch/metricAlarm:MetricAlarm", "m")],
      says: /no action/,
    },
    {
      passing: [silent, composite(silent)],
      failing: [silent, composite(make("aws:cloudwatch/metricAlarm:MetricAlarm", "other"))],
      says: /no action/,
    },
  ],
  "WIRING-METRIC": [
    {
      passing: [moving, alarmOn("AI-Gaming/GPU", "GPUUtilization", ["AutoScalingGroupName"])],
      failing: [alarmOn("AI-Gaming/GPU", "GPUUtilization", ["AutoScalingGroupName", "InstanceType"])],
      says: /asked for with AutoScalingGroupName, InstanceType, and published with AutoScalingGroupName/,
    },
    {
      passing: [alarmOn("AWS/Unheard", "Of", ["It"])],
      failing: [alarmOn("AI-Gaming/GPU", "GPUMemoryUtilization", ["AutoScalingGroupName"])],
      says: /nothing publishes AI-Gaming\/GPU GPUMemoryUtilization/,
    },
    {
      passing: [
        make("aws:sqs/queue:Queue", "q"),
        widgetOn(["AWS/SQS", "ApproximateAgeOfOldestMessage", "QueueName", "q"]),
      ],
      failing: [widgetOn(["AWS/SQS", "ApproximateAgeOfOldestMessage", "QueueName", "q", { stat: "Maximum" }])],
      says: /published for aws:sqs\/queue:Queue, and the stack has none/,
    },
    {
      passing: [widgetOn([{ id: "e", expression: "1 + 1" }])],
      failing: [widgetOn(["AI-Gaming/Router", "WaitingRequests"])],
      says: /asked for with no dimension/,
    },
  ],
};

/** A trust policy may be a document instead of its text. */
function taskWithDocument(service: string): Resource[] {
  const principal = { Service: `${service}.amazonaws.com` };
  const own = make("aws:iam/role:Role", "role", { assumeRolePolicy: { Statement: [{ Principal: principal }] } });
  return [own, task(own)];
}

function withBalancer(group: Resource): Resource[] {
  return [group, balancer([a, b], [group])];
}

/** A database reaches its subnets through a group of them. */
function databaseIn(home: Resource, group: Resource): Resource[] {
  const subnets = make("aws:rds/subnetGroup:SubnetGroup", "subnets", {}, { subnetIds: [home] });
  const links = { dbSubnetGroupName: [subnets], vpcSecurityGroupIds: [group] };
  return [group, subnets, make("aws:rds/instance:Instance", "db", {}, links)];
}

function messages(id: string, declared: readonly Resource[], stack = "prod"): string[] {
  const resources: readonly ResourceState[] = stateOfEvaluation(evaluation(declared)).resources;
  return runChecks(checks, { stack, resources, graph: makeGraph(resources) })
    .filter(({ rule }) => rule === id)
    .map(({ message }) => message);
}

describe("checks across resources", () => {
  it("each have examples", () => assert.deepEqual(Object.keys(examples).sort(), checks.map(({ id }) => id).sort()));

  for (const [id, all] of Object.entries(examples)) {
    for (const [index, { passing, failing, failingStack, says }] of all.entries()) {
      it(`${id} tells example ${index + 1} that fails from the one that passes`, () => {
        assert.deepEqual(messages(id, passing), []);
        const found = messages(id, failing, failingStack);
        assert.equal(found.length, 1, found.join("; "));
        assert.match(found[0]!, says);
      });
    }
  }
});
