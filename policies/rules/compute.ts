import { at, isSet, list, propertyRule, propertyRules, type Rule } from "../rule";

const template = "aws:ec2/launchTemplate:LaunchTemplate";
const instance = "aws:ec2/instance:Instance";
const group = "aws:autoscaling/group:Group";
const notification = "aws:autoscaling/notification:Notification";

/** The launch template that a group uses, alone or under its mixed-instances policy. */
const templateOf = (props: Readonly<Record<string, unknown>>): unknown =>
  props.launchTemplate ?? at(props, "mixedInstancesPolicy.launchTemplate.launchTemplateSpecification");

const usesTemplate: Rule = {
  id: "CKV_AWS_315",
  severity: "low",
  title: "Auto Scaling groups use launch templates",
  rationale: "Launch configurations have no versions, so nothing can be rolled back.",
  remediation: "Give the group a launchTemplate or a mixedInstancesPolicy.",
  types: [group],
  scope: "resource",
  check: ({ props }) => (templateOf(props) === undefined ? "the group has no launch template" : undefined),
  passing: [{ type: group, props: { launchTemplate: { id: "lt", version: "3" } } }],
  failing: [{ type: group, props: { launchConfiguration: "old" } }],
};

const pinnedTemplate: Rule = {
  id: "GAP-ASG-PINNED",
  severity: "high",
  title: "The launch template's version is pinned",
  rationale: "With $Latest an instance refresh never starts and cannot roll back.",
  remediation: "Pass the template's latestVersion.",
  types: [group],
  scope: "resource",
  check: ({ props }) => {
    const version = at(templateOf(props), "version");
    return version === undefined || String(version).startsWith("$")
      ? `the version is ${version ?? "not set"}`
      : undefined;
  },
  passing: [{ type: group, props: { launchTemplate: { id: "lt", version: "3" } } }],
  failing: [{ type: group, props: { launchTemplate: { id: "lt", version: "$Latest" } } }],
};

const privateNodes: Rule = {
  id: "GAP-GPU-PRIVATE",
  alsoKnownAs: ["EC2.25"],
  severity: "critical",
  title: "GPU nodes have no public address",
  rationale: "An inference host on the internet serves whoever finds it, on our bill.",
  remediation: "Set associatePublicIpAddress to false and use private subnets.",
  types: [template],
  scope: "resource",
  check: ({ props }) =>
    list(props.networkInterfaces).some((nic) => String(at(nic, "associatePublicIpAddress")) === "true")
      ? "a network interface asks for a public address"
      : undefined,
  passing: [{ type: template, props: { networkInterfaces: [{ associatePublicIpAddress: "false" }] } }],
  failing: [{ type: template, props: { networkInterfaces: [{ associatePublicIpAddress: "true" }] } }],
};

const hopLimit: Rule = {
  id: "CKV_AWS_341",
  severity: "medium",
  title: "Instance metadata stays on the instance",
  rationale: "With more than one hop a container can take the node's credentials.",
  remediation: "Set metadataOptions.httpPutResponseHopLimit to 1.",
  types: [template],
  scope: "resource",
  check: ({ props }) => {
    const hops = Number(at(props, "metadataOptions.httpPutResponseHopLimit") ?? 1);
    return hops > 1 ? `the hop limit is ${hops}` : undefined;
  },
  passing: [{ type: template, props: { metadataOptions: { httpPutResponseHopLimit: 1 } } }],
  failing: [{ type: template, props: { metadataOptions: { httpPutResponseHopLimit: 2 } } }],
};

const healthCheck: Rule = {
  id: "AwsSolutions-AS2",
  severity: "medium",
  title: "Auto Scaling groups ask the load balancer about health",
  rationale: "EC2's own check passes while the model does not answer.",
  remediation: "Set healthCheckType to ELB.",
  types: [group],
  scope: "resource",
  check: ({ props }) =>
    props.healthCheckType === "ELB" || list(props.targetGroupArns).length === 0
      ? undefined
      : "healthCheckType is not ELB although the group has target groups",
  passing: [{ type: group, props: { healthCheckType: "ELB", targetGroupArns: ["arn"] } }],
  failing: [{ type: group, props: { healthCheckType: "EC2", targetGroupArns: ["arn"] } }],
};

const notifications: Rule = {
  id: "AwsSolutions-AS3",
  severity: "low",
  title: "Auto Scaling groups tell about launches that fail",
  rationale: "A group that cannot launch retries in silence.",
  remediation: "Declare an aws.autoscaling.Notification for the launch and terminate errors.",
  types: [group],
  scope: "stack",
  check: (_group, stack) =>
    stack.some(({ type }) => type === notification) ? undefined : "no notification is declared for any group",
  passing: [{ type: group }, { type: notification }],
  failing: [{ type: group }],
};

const instanceRole: Rule = {
  id: "CKV2_AWS_41",
  severity: "low",
  title: "Instances have a role",
  rationale: "A program on a node without one is given keys that never end.",
  remediation: "Set iamInstanceProfile.",
  types: [instance],
  scope: "resource",
  check: ({ props }) => (isSet(props, "iamInstanceProfile") ? undefined : "iamInstanceProfile is not set"),
  passing: [{ type: instance, props: { iamInstanceProfile: "node" } }],
  failing: [{ type: instance }],
};

const tagged: Rule = {
  id: "CKV_AWS_153",
  alsoKnownAs: ["AutoScaling.10"],
  severity: "low",
  title: "Nodes of a group carry its tags",
  rationale: "A node without tags belongs to nobody on the bill and in an incident.",
  remediation: "Set tags with propagateAtLaunch, or tagSpecifications in the launch template.",
  types: [group],
  scope: "stack",
  check: ({ props, references }, stack) => {
    const used = [...(references.launchTemplate ?? []), ...(references.mixedInstancesPolicy ?? [])];
    return list(props.tags).length > 0 ||
      stack.some(({ urn, props: its }) => used.includes(urn) && isSet(its, "tagSpecifications"))
      ? undefined
      : "neither the group nor its launch template has tags";
  },
  passing: [{ type: group, props: { tags: [{ key: "Stack", value: "prod", propagateAtLaunch: true }] } }],
  failing: [{ type: group }],
};

export const computeRules: readonly Rule[] = [
  propertyRule({
    id: "CKV_AWS_79",
    severity: "high",
    title: "Instances require IMDSv2",
    rationale: "Version 1 hands the node's credentials to any request that a program can be tricked into.",
    remediation: "Set metadataOptions.httpTokens to required.",
    type: [template, instance],
    path: "metadataOptions.httpTokens",
    allowed: ["required"],
    wrong: "optional",
  }),
  ...propertyRules(
    {
      severity: "low",
      rationale: "Figures by the minute show what five minutes hide, and disks get the bandwidth they pay for.",
      allowed: [true],
    },
    [
      { id: "CKV_AWS_126", title: "Instances are watched by the minute", type: instance, path: "monitoring" },
      { id: "CKV_AWS_135", title: "Disks of instances have their own bandwidth", type: instance, path: "ebsOptimized" },
    ],
  ),
  instanceRole,
  privateNodes,
  hopLimit,
  usesTemplate,
  pinnedTemplate,
  healthCheck,
  notifications,
  tagged,
];
