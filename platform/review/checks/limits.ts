import { findInstanceType } from "../../../catalog/instance-types";
import type { PropertyValue } from "../../engine";
import { at, input, listAt, numberAt, textAt } from "../../pricing/graph";
import type { Check, CheckContext } from "./check";

/** Properties that hold an exact physical name, which must be unique in an account and region. */
const nameProperties = ["name", "bucket", "identifier", "family", "roleName", "replicationGroupId"] as const;

/** Types whose `name` is not a physical name of its own or may repeat. */
const mayRepeat = new Set([
  "aws:iam/rolePolicy:RolePolicy",
  "aws:route53/record:Record",
  "aws:ecs/taskDefinition:TaskDefinition",
  "aws:autoscaling/lifecycleHook:LifecycleHook",
  "aws:autoscaling/policy:Policy",
  "aws:appautoscaling/policy:Policy",
  "aws:ecs/service:Service",
  "aws:secretsmanager/secretVersion:SecretVersion",
]);

/** Names that AWS compares without regard to case. https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html */
const ignoresCase = (type: string): boolean => type.startsWith("aws:iam/");

const nameCollision: Check = {
  id: "LIMIT-NAME",
  severity: "critical",
  title: "Physical names are unique",
  remediation: "Let the naming module make one of them, or give it another name.",
  find: ({ resources }) => {
    const seen = new Map<string, string>();
    return resources
      .filter(({ custom, external, type }) => custom && !external && type.startsWith("aws:") && !mayRepeat.has(type))
      .flatMap((resource) => {
        const property = nameProperties.find((key) => textAt(resource, key) !== undefined);
        if (property === undefined) return [];
        const name = textAt(resource, property)!;
        const key = `${resource.type} ${ignoresCase(resource.type) ? name.toLowerCase() : name}`;
        const first = seen.get(key);
        seen.set(key, first ?? resource.name);
        return first === undefined
          ? []
          : [{ urn: resource.urn, message: `${property} "${name}" is also that of ${first}` }];
      });
  },
};

/** Rules per direction and security group. https://docs.aws.amazon.com/vpc/latest/userguide/amazon-vpc-limits.html */
const rulesPerDirection = 60;
const ruleTypes = {
  ingress: "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule",
  egress: "aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule",
} as const;

/** Rules that one inline rule comes to: AWS counts each source. */
const sourcesOf = (rule: PropertyValue): number =>
  Math.max(
    1,
    ["cidrBlocks", "ipv6CidrBlocks", "prefixListIds", "securityGroups"].reduce((total, key) => {
      const sources = at(rule, key);
      return total + (Array.isArray(sources) ? sources.length : 0);
    }, 0),
  );

/** Rules that are resources, per URN of their security group. */
function rulesByGroup(graph: CheckContext["graph"], direction: keyof typeof ruleTypes): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const rule of graph.ofType(ruleTypes[direction])) {
    for (const { urn } of graph.behind(rule, "securityGroupId")) counts.set(urn, (counts.get(urn) ?? 0) + 1);
  }
  return counts;
}

const securityGroupRules: Check = {
  id: "LIMIT-SG-RULES",
  severity: "high",
  title: `A security group has at most ${rulesPerDirection} rules each way`,
  remediation: "Refer to another security group instead of listing addresses, or split the group.",
  find: ({ graph }) => {
    const rules = { ingress: rulesByGroup(graph, "ingress"), egress: rulesByGroup(graph, "egress") };
    return graph.ofType("aws:ec2/securityGroup:SecurityGroup").flatMap((group) =>
      (["ingress", "egress"] as const).flatMap((direction) => {
        const own = rules[direction].get(group.urn) ?? 0;
        const inline = listAt(group, direction).reduce<number>((total, rule) => total + sourcesOf(rule), 0);
        const count = own + inline;
        return count > rulesPerDirection ? [{ urn: group.urn, message: `${count} ${direction} rules` }] : [];
      }),
    );
  },
};

/** Per region, before an increase is asked for. https://docs.aws.amazon.com/vpc/latest/userguide/amazon-vpc-limits.html */
const regionalQuotas = [
  { type: "aws:ec2/vpc:Vpc", quota: 5, what: "VPCs" },
  { type: "aws:ec2/eip:Eip", quota: 5, what: "elastic addresses" },
] as const;

const networkQuotas: Check = {
  id: "LIMIT-QUOTA",
  severity: "medium",
  title: "The stack leaves room in the region's default quotas",
  remediation: "Ask for a higher quota, or use fewer NAT gateways.",
  find: ({ graph }) =>
    regionalQuotas.flatMap(({ type, quota, what }) => {
      const found = graph.ofType(type);
      return found.length > quota
        ? [
            {
              urn: found[0]!.urn,
              message: `${found.length} ${what}, the default quota is ${quota} for all stacks together`,
            },
          ]
        : [];
    }),
};

/** Stacks that stay; the quotas left over by them are what ephemeral ones share. */
const lasting = new Set(["shared", "dev", "prod"]);

const ephemeralQuotas: Check = {
  id: "LIMIT-EPHEMERAL",
  severity: "low",
  title: "Short-lived stacks share the region's default quotas",
  remediation: "Take down stacks that are not needed, or ask for higher quotas.",
  find: ({ stack, graph }) =>
    lasting.has(stack)
      ? []
      : regionalQuotas.flatMap(({ type, quota, what }) => {
          const found = graph.ofType(type);
          return found.length === 0
            ? []
            : [
                {
                  urn: found[0]!.urn,
                  message: `takes ${found.length} of the region's ${quota} ${what}, so ${Math.floor(quota / found.length)} such stacks fit where nothing else is`,
                },
              ];
        }),
};

/** vCPUs of G and VT instances; 0 in a new account. https://docs.aws.amazon.com/ec2/latest/instancetypes/ec2-instance-quotas.html */
const gpuQuota: Check = {
  id: "LIMIT-GPU-VCPU",
  severity: "low",
  title: "The account may run the whole GPU fleet",
  remediation:
    "Ask for L-DB2E81BA (on demand) and L-3819A6DF (spot); both are 0 in a new account and the group then retries silently.",
  find: ({ graph }) => {
    const groups = graph.ofType("aws:autoscaling/group:Group");
    const vcpus = groups.reduce((total, group) => total + numberAt(group, "maxSize", 0) * vcpusOf(group, graph), 0);
    return vcpus === 0
      ? []
      : [
          {
            urn: groups[0]!.urn,
            message: `the GPU groups at their maximum need a quota of ${vcpus} vCPUs of the G family`,
          },
        ];
  },
};

function vcpusOf(group: Parameters<CheckContext["graph"]["behind"]>[0], graph: CheckContext["graph"]): number {
  const [template] = [...graph.behind(group, "launchTemplate"), ...graph.behind(group, "mixedInstancesPolicy")].filter(
    ({ type }) => type === "aws:ec2/launchTemplate:LaunchTemplate",
  );
  const [override] = (input(group, "mixedInstancesPolicy.launchTemplate.overrides") ?? []) as {
    instanceType?: string;
  }[];
  const type = override?.instanceType ?? (template === undefined ? undefined : textAt(template, "instanceType"));
  return type === undefined ? 0 : (findInstanceType(type)?.vcpus ?? 0);
}

export const limitChecks: readonly Check[] = [
  nameCollision,
  securityGroupRules,
  networkQuotas,
  ephemeralQuotas,
  gpuQuota,
];
