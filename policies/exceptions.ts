/** A rule that need not hold somewhere, for a reason, until a day. */
export interface Exception {
  /** Rule id, or one of the ids it is also known as. */
  readonly rule: string;
  /** Stacks: names, or patterns with stars. */
  readonly stacks: readonly string[];
  /** Logical names of resources, or patterns with stars. */
  readonly resources: readonly string[];
  readonly reason: string;
  /** Last day it holds, ISO 8601. */
  readonly expires: string;
}

/** True when a pattern takes in all that another one does; a name is a pattern that takes in itself, a star any text. */
export function patternCovers(wide: string, narrow: string): boolean {
  const parts = wide.split("*").map((part) => part.replace(/[\\^$.|?+()[\]{}]/g, "\\$&"));
  return new RegExp(`^${parts.join(".*")}$`).test(narrow);
}

const cheap = ["dev", "pr-*", "eph-*"];

/** When the longer decisions are looked at again. */
const nextYear = "2027-11-30";
/** When what may be mended with the next version is looked at again. */
const nextSpring = "2027-05-31";

interface Reasons {
  readonly stacks: readonly string[];
  readonly expires: string;
}

/** Exceptions that share their stacks and their day. */
const exempt = (
  shared: Reasons,
  rows: readonly (readonly [rule: string, resources: readonly string[], reason: string])[],
): Exception[] => rows.map(([rule, resources, reason]) => ({ rule, resources, reason, ...shared }));

/** What short-lived and cheap stacks leave out. */
const ofCheapStacks = exempt({ stacks: cheap, expires: nextYear }, [
  ["CKV_AWS_157", ["database*"], "A standby doubles the price of a database whose data can be made again."],
  ["CKV_AWS_293", ["database*"], "Short-lived data must not stop a stack from being taken down."],
  ["CKV_AWS_118", ["database*"], "Enhanced monitoring is billed by log volume and dev has no on-call."],
  ["CKV_AWS_133", ["database*"], "One day of backups is enough for data that can be made again."],
  ["CKV_AWS_150", ["*"], "A load balancer that refuses deletion would outlive its stack."],
  ["CKV_AWS_338", ["*"], "Logs of dev are read within days."],
  ["CKV_AWS_65", ["cluster*"], "The metrics of 22 services would cost more than their tasks."],
  ["CKV2_AWS_11", ["network*"], "Refused traffic alone is logged: all of it costs more than the network."],
  ["CKV2_AWS_50", ["cache*"], "One node: what the cache holds in dev can be made again."],
  ["ElastiCache.1", ["cache*"], "What the cache holds in dev can be made again."],
  ["CKV_AWS_2", ["edge-listener"], "Plain HTTP without a certificate, for the listed networks only; prod refuses it."],
  [
    "CKV2_AWS_20",
    ["edge-load-balancer"],
    "Plain HTTP without a certificate, for the listed networks only; prod refuses it.",
  ],
  ["AwsSolutions-EC29", ["*"], "A machine of dev can be made again."],
]);

const overPlainHttp =
  "Only security groups of the VPC reach it. TLS in the target needs a private authority and its certificates on every task and node.";

/** What every stack leaves out. */
const ofAllStacks = [
  ...exempt({ stacks: ["*"], expires: nextYear }, [
    ["CKV_AWS_226", ["database*"], "Minor versions are raised by config, dev first, so that prod gets what dev ran."],
    [
      "CKV_AWS_91",
      ["gpu-internal"],
      "Only services of the VPC ask here, and the inference host counts and times every request itself.",
    ],
    ["CKV_AWS_2", ["gpu-gold-listener", "gpu-silver-listener"], overPlainHttp],
    ["CKV_AWS_378", ["*"], overPlainHttp],
    [
      "CKV_AWS_130",
      ["network-vpc-public-*"],
      "awsx makes public subnets so; they hold the edge and NAT gateways alone.",
    ],
    ["CKV_AWS_191", ["cache*"], "Another key replaces the cache with all it holds; AWS's own key encrypts it."],
    ["CKV_AWS_354", ["database*"], "RDS never lets go of the first key; query texts hold parameters, not values."],
    ["CKV_AWS_297", ["database-roles-schedule"], "The schedule names a task and holds nothing else."],
    [
      "CKV_AWS_180",
      ["gpu-image-*"],
      "Components are commands that this repository shows to everybody who works on it.",
    ],
    ["CKV_AWS_145", ["edge-logs-bucket"], "Load balancers deliver access logs to buckets with the keys of S3 only."],
    ["CKV_AWS_126", ["ue5-builder-instance"], "It runs for some hours a week; its alarm needs five minutes."],
  ]),
  ...exempt({ stacks: ["*"], expires: nextSpring }, [
    [
      "CKV_AWS_145",
      ["documents-bucket", "models-bucket", "artefacts-bucket"],
      "The keys of S3 encrypt them; a key of our own needs a grant for every reader, GPU nodes first.",
    ],
    [
      "CKV_AWS_149",
      ["*-secret"],
      "AWS's own key encrypts them, and each execution role names its secrets; no other account can be let in with that key.",
    ],
    ["CKV_AWS_158", ["*-logs"], "CloudWatch's own key encrypts them, and no program logs a secret."],
    [
      "CKV2_AWS_57",
      ["*-api-key-secret", "external-*"],
      "Keys between services change with a deployment, those of vendors by hand in their console: no function can do either.",
    ],
  ]),
];

const deploys =
  "A deployment makes and removes whatever its region holds. One environment of one repository takes the role, and it may touch neither CI's roles nor shared ones.";

/** What the roles of pipelines may do, in stacks that make some. */
const ofPipelines = exempt({ stacks: ["shared"], expires: nextSpring }, [
  ...["IAM.21", "CKV_AWS_286", "CKV_AWS_287", "CKV_AWS_288", "CKV_AWS_289", "CKV_AWS_290", "CKV_AWS_355"].map(
    (rule) => [rule, ["ci-deploy-*", "ci-reap-*"], deploys] as const,
  ),
  [
    "CKV_AWS_355",
    ["ci-plan-*"],
    "A plan compares every resource of two environments with the cloud. Its actions describe and list; none reads what is in a store.",
  ],
]);

/** The exceptions in force. One that has expired counts no more and is reported. */
export const exceptions: readonly Exception[] = [...ofCheapStacks, ...ofAllStacks, ...ofPipelines];
