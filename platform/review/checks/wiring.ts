import { type BilledResource, input, listAt, numberAt, textAt } from "../../pricing/graph";
import type { Check } from "./check";

const targetGroupHealth: Check = {
  id: "WIRING-HEALTH-CHECK",
  severity: "high",
  title: "Target groups can become healthy",
  remediation: "Make timeout shorter than interval, and give an HTTP matcher only to HTTP groups.",
  find: ({ graph }) =>
    graph.ofType("aws:lb/targetGroup:TargetGroup").flatMap((group) => {
      const interval = numberAt(group, "healthCheck.interval", 30);
      const timeout = numberAt(group, "healthCheck.timeout", Math.min(5, interval - 1));
      const protocol = textAt(group, "protocol") ?? "HTTP";
      const isHttp = protocol.startsWith("HTTP") || (textAt(group, "healthCheck.protocol") ?? "").startsWith("HTTP");
      return [
        ...(timeout >= interval
          ? [
              {
                urn: group.urn,
                message: `the health check's timeout of ${timeout} s is not shorter than its interval of ${interval} s`,
              },
            ]
          : []),
        ...(!isHttp && textAt(group, "healthCheck.matcher") !== undefined
          ? [{ urn: group.urn, message: `healthCheck.matcher means nothing for protocol ${protocol}` }]
          : []),
      ];
    }),
};

/** Types that must stand in two zones, with the property that names their subnets. */
const needsTwoSubnets = {
  "aws:lb/loadBalancer:LoadBalancer": "subnets",
  "aws:rds/subnetGroup:SubnetGroup": "subnetIds",
} as const;

const twoZones: Check = {
  id: "WIRING-ZONES",
  severity: "high",
  title: "Load balancers and database subnet groups span two zones",
  remediation: "Give them subnets in at least two zones.",
  find: ({ graph }) =>
    Object.entries(needsTwoSubnets).flatMap(([type, property]) =>
      graph.ofType(type).flatMap((resource) => {
        const subnets = listAt(resource, property).length;
        if (subnets === 1) return [{ urn: resource.urn, message: `${property} names one subnet` }];
        const named = graph.behind(resource, property);
        const zones = named.map((subnet) => textAt(subnet, "availabilityZone"));
        const oneZone = named.length > 1 && zones[0] !== undefined && zones.every((zone) => zone === zones[0]);
        return oneZone ? [{ urn: resource.urn, message: `every subnet is in ${zones[0]}` }] : [];
      }),
    ),
};

const unassumedRole: Check = {
  id: "WIRING-ROLE",
  severity: "low",
  title: "Every role is used by something",
  remediation: "Delete the role, or give it to what should assume it.",
  find: ({ graph, resources }) => {
    const grants = new Set(["aws:iam/rolePolicy:RolePolicy", "aws:iam/rolePolicyAttachment:RolePolicyAttachment"]);
    const used = new Set(
      resources
        .filter(({ type }) => !grants.has(type))
        .flatMap(({ propertyDependencies }) => Object.values(propertyDependencies).flat()),
    );
    return graph
      .ofType("aws:iam/role:Role")
      .filter((role) => !used.has(role.urn) && !isFederated(trustPolicy(role) ?? ""))
      .map((role) => ({ urn: role.urn, message: "no resource of this stack uses the role" }));
  },
};

/** The trust policy as JSON; the program may give it as a text or as a document. */
function trustPolicy(role: BilledResource): string | undefined {
  const policy = input(role, "assumeRolePolicy");
  return policy === undefined || typeof policy === "string" ? policy : JSON.stringify(policy);
}

/** Roles that people and pipelines assume from outside are not used by any resource. */
const isFederated = (policy: string): boolean => /AssumeRoleWith(WebIdentity|SAML)|"AWS"/.test(policy);

const alarmWithoutAction: Check = {
  id: "WIRING-ALARM-ACTION",
  severity: "medium",
  title: "Alarms tell somebody",
  remediation: "Give the alarm an action or a composite that reads it, or delete it.",
  find: ({ graph }) => {
    const read = new Set(
      graph
        .ofType("aws:cloudwatch/compositeAlarm:CompositeAlarm")
        .flatMap((composite) => graph.behind(composite, "alarmRule").map(({ urn }) => urn)),
    );
    return graph
      .ofType("aws:cloudwatch/metricAlarm:MetricAlarm")
      .filter((alarm) => listAt(alarm, "alarmActions").length === 0 && graph.behind(alarm, "alarmActions").length === 0)
      .filter(({ urn }) => !read.has(urn))
      .map((alarm) => ({ urn: alarm.urn, message: "the alarm has no action" }));
  },
};

/** What assumes a role by holding it in a property, and the service that its trust policy must name. */
const assumers = [
  { type: "aws:ecs/taskDefinition:TaskDefinition", properties: ["taskRoleArn", "executionRoleArn"], by: "ecs-tasks" },
  { type: "aws:iam/instanceProfile:InstanceProfile", properties: ["role"], by: "ec2" },
  { type: "aws:rds/instance:Instance", properties: ["monitoringRoleArn"], by: "monitoring.rds" },
] as const;

const trust: Check = {
  id: "WIRING-TRUST",
  severity: "high",
  title: "Roles may be assumed by what uses them",
  remediation: "Name the service in the role's assumeRolePolicy.",
  find: ({ graph }) =>
    assumers.flatMap(({ type, properties, by }) =>
      graph.ofType(type).flatMap((user) =>
        properties
          .flatMap((property) => graph.behind(user, property))
          .filter((role) => role.type === "aws:iam/role:Role")
          .flatMap((role) => {
            const policy = trustPolicy(role);
            const service = `${by}.amazonaws.com`;
            return policy === undefined || policy.includes(service)
              ? []
              : [{ urn: role.urn, message: `${user.name} needs it, but its trust policy does not name ${service}` }];
          }),
      ),
    ),
};

const trackingMoves: Check = {
  id: "WIRING-TRACKING",
  severity: "medium",
  title: "Groups that follow a metric have room to move",
  remediation: "Make the group's minimum smaller than its maximum, or delete the policy.",
  find: ({ graph }) =>
    graph
      .ofType("aws:autoscaling/policy:Policy")
      .filter((policy) => textAt(policy, "policyType") === "TargetTrackingScaling")
      .flatMap((policy) =>
        graph
          .behind(policy, "autoscalingGroupName")
          .filter((group) => numberAt(group, "minSize", 0) >= numberAt(group, "maxSize", Number.POSITIVE_INFINITY))
          .map((group) => ({
            urn: policy.urn,
            message: `${group.name} cannot scale: its minimum and maximum are both ${numberAt(group, "minSize", 0)}`,
          })),
      ),
};

export const wiringChecks: readonly Check[] = [
  targetGroupHealth,
  twoZones,
  unassumedRole,
  trust,
  trackingMoves,
  alarmWithoutAction,
];
