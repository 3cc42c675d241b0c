import { types } from "../../../policies/types";
import { add, change, containers, drop, type Mutation, rewrite, set } from "./graph";

const everybody = { Principal: "*", Resource: "*" };

/** What leaves data readable on a disk or on the wire. */
export const encryption: readonly Mutation[] = [
  {
    name: "the database is not encrypted",
    finds: "CKV_AWS_16",
    change: set("database-postgres", { storageEncrypted: false }),
  },
  {
    name: "the database takes connections without TLS",
    finds: "GAP-DB-TLS",
    change: set("database-parameters", { parameters: [{ name: "rds.force_ssl", value: "0" }] }),
  },
  {
    name: "the cache is not encrypted",
    finds: "CKV_AWS_29",
    change: set("cache-valkey", { atRestEncryptionEnabled: false }),
  },
  {
    name: "the cache has no TLS",
    finds: "CKV_AWS_30",
    change: set("cache-valkey", { transitEncryptionEnabled: false }),
  },
  {
    name: "the cache takes plain text too",
    finds: "GAP-CACHE-TLS-REQUIRED",
    change: set("cache-valkey", { transitEncryptionMode: "preferred" }),
  },
  { name: "the cache knows no users", finds: "CKV_AWS_31", change: set("cache-valkey", { userGroupIds: undefined }) },
  {
    name: "a cache user needs no password",
    finds: "GAP-CACHE-OPEN-USER",
    change: set("cache-ai-router", { authenticationMode: { type: "no-password-required" } }),
  },
  {
    name: "a topic is not encrypted",
    finds: "CKV_AWS_26",
    change: set({ type: types.topic }, { kmsMasterKeyId: undefined }),
  },
  {
    name: "a queue is not encrypted",
    finds: "CKV_AWS_27",
    change: set({ type: types.queue }, { sqsManagedSseEnabled: false }),
  },
  { name: "a bucket declares no encryption", finds: "CKV_AWS_19", change: drop("documents-encryption") },
  {
    name: "the build machine's disk is not encrypted",
    finds: "CKV_AWS_8",
    change: set("ue5-builder-instance", { "rootBlockDevice.encrypted": false }),
  },
  {
    name: "disks of GPU nodes are not encrypted",
    finds: "CKV_AWS_8",
    change: set("gpu-gold-template", { "blockDeviceMappings.0.ebs.encrypted": "false" }),
  },
  {
    name: "a volume is added without encryption",
    finds: "CKV_AWS_3",
    change: add("aws:ebs/volume:Volume", { size: 10 }),
  },
  {
    name: "a file system is added without encryption",
    finds: "CKV_AWS_42",
    change: add("aws:efs/fileSystem:FileSystem", {}),
  },
  {
    name: "a task mounts files in plain text",
    finds: "CKV_AWS_97",
    change: set("payment-definition", {
      volumes: [{ name: "files", efsVolumeConfiguration: { fileSystemId: "fs-1" } }],
    }),
  },
  { name: "a queue takes plain text", finds: "AwsSolutions-SQS4", change: drop({ type: types.queuePolicy }) },
  { name: "a topic takes plain text", finds: "AwsSolutions-SNS3", change: drop({ type: types.topicPolicy }) },
  { name: "a bucket takes plain text", finds: "AwsSolutions-S10", change: drop("documents-policy") },
  {
    name: "a secret stands in a plain variable",
    finds: "AwsSolutions-ECS2",
    change: containers("payment-definition", { environment: [{ name: "STRIPE_API_KEY", value: "sk_live_x" }] }),
  },
  {
    name: "user data holds keys",
    finds: "CKV_AWS_46",
    change: set("ue5-builder-instance", { userData: "export AWS_ACCESS_KEY_ID=AKIAIOSFODNN7EXAMPLE" }),
  },
];

/** What hands data to everybody. */
export const publicAccess: readonly Mutation[] = [
  {
    name: "a bucket takes public access lists",
    finds: "CKV_AWS_53",
    change: set("documents-closed", { blockPublicAcls: false }),
  },
  {
    name: "a bucket takes public policies",
    finds: "CKV_AWS_54",
    change: set("documents-closed", { blockPublicPolicy: false }),
  },
  {
    name: "a bucket heeds public access lists",
    finds: "CKV_AWS_55",
    change: set("documents-closed", { ignorePublicAcls: false }),
  },
  {
    name: "a bucket with a public policy is open",
    finds: "CKV_AWS_56",
    change: set("documents-closed", { restrictPublicBuckets: false }),
  },
  { name: "a bucket has no public access block", finds: "CKV2_AWS_6", change: drop("documents-closed") },
  {
    name: "a bucket heeds access lists",
    finds: "CKV2_AWS_65",
    change: set("documents-ownership", { "rule.objectOwnership": "ObjectWriter" }),
  },
  {
    name: "a bucket is public by its access list",
    finds: "CKV_AWS_20",
    change: add(types.bucketAcl, { acl: "public-read" }),
  },
  {
    name: "everybody may write to a bucket",
    finds: "CKV_AWS_57",
    change: add(types.bucketAcl, { acl: "public-read-write" }),
  },
  {
    name: "everybody may read a bucket",
    finds: "CKV_AWS_70",
    change: rewrite("documents-policy", "policy", { ...everybody, Action: "s3:GetObject" }),
  },
  {
    name: "everybody may send to a queue",
    finds: "CKV_AWS_168",
    change: rewrite({ type: types.queuePolicy }, "policy", { ...everybody, Action: "sqs:SendMessage" }),
  },
  {
    name: "everybody may publish to a topic",
    finds: "CKV_AWS_169",
    change: rewrite({ type: types.topicPolicy }, "policy", { ...everybody, Action: "sns:Publish" }),
  },
  {
    name: "another account may read a bucket",
    finds: "S3.6",
    change: rewrite("documents-policy", "policy", {
      Principal: { AWS: "210987654321" },
      Action: "s3:GetObject",
      Resource: "*",
    }),
  },
  {
    name: "everybody may pull an image",
    finds: "CKV_AWS_32",
    change: add(types.registryPolicy, {
      policy: JSON.stringify({ Statement: [{ Effect: "Allow", Principal: "*", Action: "ecr:BatchGetImage" }] }),
    }),
  },
  {
    name: "an image is shared with everybody",
    finds: "CKV_AWS_205",
    change: add(types.amiLaunchPermission, { group: "all" }),
  },
  {
    name: "a disk snapshot is shared with everybody",
    finds: "EC2.1",
    change: add("aws:ec2/snapshotCreateVolumePermission:SnapshotCreateVolumePermission", { accountId: "all" }),
  },
  {
    name: "a database snapshot is shared with everybody",
    finds: "RDS.1",
    change: add("aws:rds/snapshot:Snapshot", { sharedAccounts: ["all"] }),
  },
  {
    name: "a document is shared with everybody",
    finds: "CKV_AWS_303",
    change: set("ue5-builder-build", { permissions: { type: "Share", account_ids: "All" } }),
  },
];

/** What throws data away, or lets it be thrown away. */
export const retention: readonly Mutation[] = [
  {
    name: "the database may be deleted",
    finds: "CKV_AWS_293",
    change: set("database-postgres", { deletionProtection: false }),
  },
  {
    name: "the database leaves no last snapshot",
    finds: "GAP-FINAL-SNAPSHOT",
    change: set("database-postgres", { skipFinalSnapshot: true }),
  },
  {
    name: "backups go with the database",
    finds: "GAP-KEEP-BACKUPS",
    change: set("database-postgres", { deleteAutomatedBackups: true }),
  },
  {
    name: "backups are kept for a day",
    finds: "CKV_AWS_133",
    change: set("database-postgres", { backupRetentionPeriod: 1 }),
  },
  {
    name: "the database is no longer protected",
    finds: "GAP-PROD-PROTECT",
    change: change("database-postgres", (one) => ({ ...one, protect: false })),
  },
  {
    name: "a bucket goes with its objects",
    finds: "GAP-FORCE-DESTROY",
    change: set("documents-bucket", { forceDestroy: true }),
  },
  {
    name: "a bucket stops keeping old versions",
    finds: "CKV_AWS_21",
    change: set("documents-versioning", { "versioningConfiguration.status": "Suspended" }),
  },
  { name: "a bucket declares no versioning", finds: "GAP-BUCKET-VERSIONS", change: drop("documents-versioning") },
  {
    name: "a deleted secret is gone at once",
    finds: "GAP-SECRET-RECOVERY",
    change: set("payment-api-key-secret", { recoveryWindowInDays: 0 }),
  },
  { name: "logs are kept for a week", finds: "CKV_AWS_338", change: set("payment-logs", { retentionInDays: 7 }) },
  {
    name: "the edge may be deleted",
    finds: "CKV_AWS_150",
    change: set("edge-load-balancer", { enableDeletionProtection: false }),
  },
  {
    name: "a queue keeps messages for a minute",
    finds: "GAP-QUEUE-RETENTION",
    change: set({ type: types.queue }, { messageRetentionSeconds: 60 }),
  },
  {
    name: "the cache keeps no snapshot",
    finds: "ElastiCache.1",
    change: set("cache-valkey", { snapshotRetentionLimit: 0 }),
  },
  { name: "a key does not rotate", finds: "CKV_AWS_7", change: add(types.key, { enableKeyRotation: false }) },
  {
    name: "a deleted key is gone in a week",
    finds: "KMS.3",
    change: add(types.key, { enableKeyRotation: true, deletionWindowInDays: 7 }),
  },
];
