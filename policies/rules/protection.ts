import type { Rule } from "../rule";

/** Types that hold what cannot be made again. */
const stateful = [
  "aws:rds/instance:Instance",
  "aws:s3/bucket:Bucket",
  "aws:elasticache/replicationGroup:ReplicationGroup",
] as const;

/** The stack's name stands second in a URN. */
const stackOf = (urn: string): string | undefined => urn.split("::")[0]?.split(":")[2];

export const protectionRules: readonly Rule[] = [
  {
    id: "GAP-PROD-PROTECT",
    severity: "high",
    title: "What holds data in prod is protected",
    rationale: "A replacement of a data store is a deletion; prod must make somebody say so first.",
    remediation: "Set protect on the resource.",
    types: stateful,
    scope: "resource",
    check: ({ urn, protect }) => (stackOf(urn) !== "prod" || protect ? undefined : "it is not protected"),
    passing: [{ urn: "urn:pulumi:prod::p::aws:s3/bucket:Bucket::b", type: stateful[1], protect: true }],
    failing: [{ urn: "urn:pulumi:prod::p::aws:s3/bucket:Bucket::b", type: stateful[1], protect: false }],
  },
];
