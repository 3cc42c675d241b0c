import { propertyRules, type Rule } from "../rule";
import { types } from "../types";

const deletion = propertyRules(
  {
    severity: "medium",
    rationale: "Players' progress must survive a mistyped destroy.",
    allowed: [true],
    wrong: false,
  },
  [
    {
      id: "CKV_AWS_293",
      alsoKnownAs: ["RDS.8", "AwsSolutions-RDS10"],
      severity: "high",
      title: "RDS refuses deletion",
      type: [types.database],
      path: "deletionProtection",
      remediation: "Set deletionProtection; prod does so by itself.",
    },
    {
      id: "CKV_AWS_139",
      alsoKnownAs: ["RDS.7"],
      severity: "high",
      title: "Aurora refuses deletion",
      type: types.databaseCluster,
      path: "deletionProtection",
    },
    {
      id: "CKV_AWS_150",
      alsoKnownAs: ["ELB.6"],
      title: "Load balancers refuse deletion",
      rationale: "A new balancer has a new name, and every client of the old one fails.",
      type: [types.balancer, "aws:alb/loadBalancer:LoadBalancer"],
      path: "enableDeletionProtection",
      remediation: "Set enableDeletionProtection in prod.",
    },
    {
      id: "AwsSolutions-EC29",
      title: "Instances that keep something refuse termination",
      rationale: "What is on the disk goes with the instance.",
      type: types.instance,
      path: "disableApiTermination",
    },
    {
      id: "DynamoDB.6",
      severity: "high",
      title: "DynamoDB tables refuse deletion",
      type: "aws:dynamodb/table:Table",
      path: "deletionProtectionEnabled",
    },
    {
      id: "CKV_AWS_28",
      title: "DynamoDB tables can be restored to any second",
      type: "aws:dynamodb/table:Table",
      path: "pointInTimeRecovery.enabled",
    },
    {
      id: "CKV2_AWS_60",
      alsoKnownAs: ["RDS.17"],
      severity: "low",
      title: "Snapshots of RDS carry its tags",
      rationale: "A snapshot without an owner is never removed, or by the wrong person.",
      type: types.database,
      path: "copyTagsToSnapshot",
    },
    {
      id: "CKV_AWS_7",
      alsoKnownAs: ["KMS.4", "AwsSolutions-KMS5"],
      title: "Keys rotate",
      rationale: "A key that never changes decrypts everything for whoever got it once.",
      type: types.key,
      path: "enableKeyRotation",
      unless: ({ props }) => ![undefined, "SYMMETRIC_DEFAULT"].includes(props.customerMasterKeySpec as string),
    },
    {
      id: "CKV2_AWS_64",
      title: "Keys have a policy of their own",
      rationale: "The default policy lets every administrator of the account use the key by a policy on themselves.",
      type: types.key,
      path: "policy",
      set: true,
      wrong: undefined,
    },
    {
      id: "CKV_AWS_227",
      severity: "high",
      title: "Keys are enabled",
      rationale: "What a disabled key encrypted cannot be read until it is enabled again.",
      type: types.key,
      path: "isEnabled",
      allowed: [true, undefined],
      wrong: false,
    },
    {
      id: "CKV_AWS_51",
      alsoKnownAs: ["ECR.2"],
      title: "Tags of images stay where they are",
      rationale: "A tag that moves makes yesterday's tested image another one.",
      type: types.registry,
      path: "imageTagMutability",
      allowed: ["IMMUTABLE"],
      wrong: "MUTABLE",
    },
    {
      id: "CKV_AWS_21",
      alsoKnownAs: ["S3.14"],
      severity: "high",
      title: "Buckets keep old versions",
      rationale: "What is overwritten or deleted by mistake can be brought back.",
      type: types.bucketVersioning,
      path: "versioningConfiguration.status",
      allowed: ["Enabled"],
      wrong: "Suspended",
    },
  ],
);

const backupDays = 7;

const kept = propertyRules(
  {
    severity: "high",
    rationale: "A mistake that is found after the weekend needs a backup from before it.",
    atLeast: backupDays,
    wrong: 1,
  },
  [
    {
      id: "CKV_AWS_133",
      alsoKnownAs: ["RDS.11", "AwsSolutions-RDS13"],
      title: "RDS keeps backups for a week",
      type: types.database,
      path: "backupRetentionPeriod",
      remediation: "Raise database.backupDays in the stack's config.",
    },
    {
      id: "GAP-CLUSTER-BACKUP",
      title: "Aurora keeps backups for a week",
      type: types.databaseCluster,
      path: "backupRetentionPeriod",
    },
    {
      id: "ElastiCache.1",
      severity: "low",
      title: "The cache keeps snapshots",
      atLeast: 1,
      wrong: 0,
      type: types.cache,
      path: "snapshotRetentionLimit",
    },
  ],
);

/** Retention and refusal of deletion that one property decides. */
export const retentionProperties: readonly Rule[] = [...deletion, ...kept];
