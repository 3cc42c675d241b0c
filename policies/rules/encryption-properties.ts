import { propertyRules, type Rule } from "../rule";
import { types } from "../types";

const mustBeOn = { allowed: [true], wrong: false } as const;

/** Encryption at rest of stores and queues, one property each. */
const atRest = propertyRules(
  {
    severity: "critical",
    rationale: "Disks, snapshots and backups that leave the account must be useless to whoever has them.",
    ...mustBeOn,
  },
  [
    {
      id: "CKV_AWS_16",
      alsoKnownAs: ["RDS.3", "AwsSolutions-RDS2"],
      title: "RDS storage is encrypted",
      type: types.database,
      path: "storageEncrypted",
      remediation: "Set storageEncrypted; encryption cannot be added later without a replacement.",
    },
    { id: "CKV_AWS_96", title: "Aurora storage is encrypted", type: types.databaseCluster, path: "storageEncrypted" },
    {
      id: "CKV_AWS_29",
      alsoKnownAs: ["ElastiCache.4"],
      title: "The cache is encrypted at rest",
      type: types.cache,
      path: "atRestEncryptionEnabled",
      remediation: "Set atRestEncryptionEnabled; encryption cannot be added later without a replacement.",
    },
    { id: "CKV_AWS_3", title: "EBS volumes are encrypted", type: "aws:ebs/volume:Volume", path: "encrypted" },
    {
      id: "CKV_AWS_4",
      title: "EBS snapshot copies are encrypted",
      type: "aws:ebs/snapshotCopy:SnapshotCopy",
      path: "encrypted",
    },
    {
      id: "CKV_AWS_106",
      alsoKnownAs: ["EC2.7"],
      title: "New EBS volumes of the region are encrypted",
      type: "aws:ebs/encryptionByDefault:EncryptionByDefault",
      path: "enabled",
      allowed: [true, undefined],
    },
    { id: "CKV_AWS_235", title: "Image copies are encrypted", type: types.amiCopy, path: "encrypted" },
    {
      id: "CKV_AWS_42",
      alsoKnownAs: ["EFS.1"],
      title: "EFS file systems are encrypted",
      type: "aws:efs/fileSystem:FileSystem",
      path: "encrypted",
    },
    {
      id: "CKV_AWS_43",
      alsoKnownAs: ["Kinesis.1"],
      title: "Kinesis streams are encrypted",
      type: "aws:kinesis/stream:Stream",
      path: "encryptionType",
      allowed: ["KMS"],
      wrong: "NONE",
    },
    {
      id: "CKV_AWS_44",
      title: "Neptune storage is encrypted",
      type: "aws:neptune/cluster:Cluster",
      path: "storageEncrypted",
    },
    {
      id: "CKV_AWS_47",
      title: "DAX clusters are encrypted",
      type: "aws:dax/cluster:Cluster",
      path: "serverSideEncryption.enabled",
    },
    {
      id: "CKV_AWS_64",
      title: "Redshift storage is encrypted",
      type: "aws:redshift/cluster:Cluster",
      path: "encrypted",
    },
    {
      id: "CKV_AWS_74",
      title: "DocumentDB storage is encrypted",
      type: "aws:docdb/cluster:Cluster",
      path: "storageEncrypted",
    },
    {
      id: "CKV_AWS_5",
      title: "OpenSearch domains are encrypted",
      type: "aws:opensearch/domain:Domain",
      path: "encryptAtRest.enabled",
    },
  ],
);

/** Encryption in transit, one property each. */
const inTransit = propertyRules(
  {
    severity: "critical",
    rationale: "Passwords and players' data must not be readable on the wire, inside the VPC neither.",
    ...mustBeOn,
  },
  [
    {
      id: "CKV_AWS_30",
      alsoKnownAs: ["ElastiCache.5"],
      title: "The cache takes connections over TLS",
      type: types.cache,
      path: "transitEncryptionEnabled",
      remediation: "Set transitEncryptionEnabled.",
    },
    {
      id: "GAP-CACHE-TLS-REQUIRED",
      severity: "high",
      title: "The cache refuses plain text",
      type: types.cache,
      path: "transitEncryptionMode",
      allowed: ["required", undefined],
      wrong: "preferred",
    },
    {
      id: "CKV_AWS_6",
      title: "OpenSearch nodes talk over TLS",
      type: "aws:opensearch/domain:Domain",
      path: "nodeToNodeEncryption.enabled",
    },
    {
      id: "CKV_AWS_83",
      title: "OpenSearch takes HTTPS only",
      type: "aws:opensearch/domain:Domain",
      path: "domainEndpointOptions.enforceHttps",
    },
    {
      id: "CKV_AWS_81",
      title: "Kafka clients talk over TLS",
      type: "aws:msk/cluster:Cluster",
      path: "encryptionInfo.encryptionInTransit.clientBroker",
      allowed: ["TLS", undefined],
      wrong: "PLAINTEXT",
    },
    {
      id: "CKV_AWS_202",
      title: "MemoryDB takes connections over TLS",
      type: "aws:memorydb/cluster:Cluster",
      path: "tlsEnabled",
      allowed: [true, undefined],
    },
  ],
);

/** Keys of the account's own, where a catalogue asks for one. */
const ownKeys = propertyRules(
  {
    severity: "low",
    rationale: "A key of our own can be revoked, and every use of it is logged.",
    set: true,
  },
  [
    { id: "CKV_AWS_149", title: "Secrets have a key of their own", type: types.secret, path: "kmsKeyId" },
    { id: "CKV_AWS_158", title: "Log groups have a key of their own", type: types.logGroup, path: "kmsKeyId" },
    { id: "CKV_AWS_191", title: "The cache has a key of its own", type: types.cache, path: "kmsKeyId" },
    { id: "CKV_AWS_297", title: "Schedules have a key of their own", type: types.schedule, path: "kmsKeyArn" },
    {
      id: "CKV_AWS_354",
      title: "Performance Insights have a key of their own",
      type: types.database,
      path: "performanceInsightsKmsKeyId",
      where: { performanceInsightsEnabled: true },
      unless: ({ props }) => props.performanceInsightsEnabled !== true,
    },
    {
      id: "CKV_AWS_119",
      title: "DynamoDB tables have a key of their own",
      type: "aws:dynamodb/table:Table",
      path: "serverSideEncryption.kmsKeyArn",
    },
    {
      id: "CKV_AWS_166",
      title: "Backup vaults have a key of their own",
      type: "aws:backup/vault:Vault",
      path: "kmsKeyArn",
    },
    {
      id: "CKV_AWS_180",
      title: "Image components have a key of their own",
      type: "aws:imagebuilder/component:Component",
      path: "kmsKeyId",
    },
    {
      id: "CKV_AWS_337",
      title: "Parameters have a key of their own",
      type: "aws:ssm/parameter:Parameter",
      path: "keyId",
      where: { type: "SecureString" },
      unless: ({ props }) => props.type !== "SecureString",
    },
  ],
);

/** Encryption that one property decides. */
export const encryptionProperties: readonly Rule[] = [...atRest, ...inTransit, ...ownKeys];
