/** A rule that need not hold somewhere, for a reason, until a day. */
export interface Exception {
  /** Rule id, or one of the ids it is also known as. */
  readonly rule: string;
  /** Stacks: names, or a prefix with a star. */
  readonly stacks: readonly string[];
  /** Logical names of resources: names, or a prefix with a star. */
  readonly resources: readonly string[];
  readonly reason: string;
  /** Last day it holds, ISO 8601. */
  readonly expires: string;
}

/** True when a pattern takes in all that another one does; a name is a pattern that takes in itself. */
export function patternCovers(wide: string, narrow: string): boolean {
  return wide.endsWith("*") ? narrow.startsWith(wide.slice(0, -1)) : wide === narrow;
}

const cheap = ["dev", "pr-*", "eph-*"];

/** The exceptions in force. One that has expired counts no more and is reported. */
export const exceptions: readonly Exception[] = [
  {
    rule: "CKV_AWS_157",
    stacks: cheap,
    resources: ["database*"],
    reason: "A standby doubles the price of a database whose data can be made again.",
    expires: "2027-11-30",
  },
  {
    rule: "CKV_AWS_293",
    stacks: cheap,
    resources: ["database*"],
    reason: "Short-lived data must not stop a stack from being taken down.",
    expires: "2027-11-30",
  },
  {
    rule: "CKV_AWS_118",
    stacks: cheap,
    resources: ["database*"],
    reason: "Enhanced monitoring is billed by log volume and dev has no on-call.",
    expires: "2027-11-30",
  },
  {
    rule: "CKV_AWS_133",
    stacks: ["pr-*", "eph-*"],
    resources: ["database*"],
    reason: "An ephemeral database is thrown away with its stack.",
    expires: "2027-11-30",
  },
  {
    rule: "CKV_AWS_150",
    stacks: cheap,
    resources: ["*"],
    reason: "A load balancer that refuses deletion would outlive its stack.",
    expires: "2027-11-30",
  },
  {
    rule: "CKV_AWS_338",
    stacks: cheap,
    resources: ["*"],
    reason: "Logs of dev are read within days.",
    expires: "2027-11-30",
  },
  {
    rule: "CKV_AWS_226",
    stacks: ["*"],
    resources: ["database*"],
    reason: "Minor versions are raised by config, dev first, so that prod gets what dev ran.",
    expires: "2027-11-30",
  },
  {
    rule: "AwsSolutions-ECS4",
    stacks: cheap,
    resources: ["cluster*"],
    reason: "The metrics of 22 services would cost more than their tasks.",
    expires: "2027-11-30",
  },
  {
    rule: "CKV_AWS_91",
    stacks: ["*"],
    resources: ["gpu-internal"],
    reason: "Only services of the VPC ask here, and the inference host counts and times every request itself.",
    expires: "2027-11-30",
  },
];
