import { at, isSet, list, type Rule, referring } from "../rule";
import { types } from "../types";
import { encryptionProperties } from "./encryption-properties";

const topicEncrypted: Rule = {
  id: "CKV_AWS_26",
  alsoKnownAs: ["SNS.1", "AwsSolutions-SNS2"],
  severity: "high",
  title: "Topics are encrypted",
  rationale: "Messages lie in the topic until every subscriber has them.",
  remediation: "Set kmsMasterKeyId.",
  types: [types.topic],
  scope: "resource",
  check: ({ props }) => (isSet(props, "kmsMasterKeyId") ? undefined : "kmsMasterKeyId is not set"),
  passing: [{ type: types.topic, props: { kmsMasterKeyId: "alias/own" } }],
  failing: [{ type: types.topic }],
};

const queueEncrypted: Rule = {
  id: "CKV_AWS_27",
  alsoKnownAs: ["SQS.1", "AwsSolutions-SQS2"],
  severity: "high",
  title: "Queues are encrypted",
  rationale: "Messages lie in the queue until somebody takes them, in the dead letters for two weeks.",
  remediation: "Set sqsManagedSseEnabled or kmsMasterKeyId.",
  types: [types.queue],
  scope: "resource",
  check: ({ props }) =>
    isSet(props, "kmsMasterKeyId") || props.sqsManagedSseEnabled === true
      ? undefined
      : "neither sqsManagedSseEnabled nor kmsMasterKeyId is set",
  passing: [{ type: types.queue, props: { sqsManagedSseEnabled: true } }],
  failing: [{ type: types.queue, props: { sqsManagedSseEnabled: false } }],
};

const cacheAuthenticates: Rule = {
  id: "CKV_AWS_31",
  alsoKnownAs: ["ElastiCache.6", "AwsSolutions-AEC6"],
  severity: "high",
  title: "The cache asks who connects",
  rationale: "Without users or a token, whatever reaches the port reads and empties the cache.",
  remediation: "Set userGroupIds, or authToken for engines that know no users.",
  types: [types.cache],
  scope: "resource",
  check: ({ props }) =>
    isSet(props, "authToken") || (isSet(props, "userGroupIds") && list(props.userGroupIds).length > 0)
      ? undefined
      : "it has neither userGroupIds nor authToken",
  passing: [{ type: types.cache, props: { userGroupIds: ["players"] } }],
  failing: [{ type: types.cache, props: { userGroupIds: [] } }],
};

const userAsksPassword: Rule = {
  id: "GAP-CACHE-OPEN-USER",
  severity: "high",
  title: "Cache users that are on prove who they are",
  rationale: "A user without a password is the same as no users at all.",
  remediation: "Set authenticationMode to iam, or turn the user off in its access string.",
  types: ["aws:elasticache/user:User"],
  scope: "resource",
  check: ({ props }) => {
    const open = props.noPasswordRequired === true || at(props, "authenticationMode.type") === "no-password-required";
    return open && /(^|\s)on(\s|$)/.test(String(props.accessString))
      ? "the user is on and needs no password"
      : undefined;
  },
  passing: [{ type: "aws:elasticache/user:User", props: { accessString: "off -@all", noPasswordRequired: true } }],
  failing: [{ type: "aws:elasticache/user:User", props: { accessString: "on ~* +@all", noPasswordRequired: true } }],
};

const encryptionUrn = `urn:pulumi:prod::p::${types.bucket}::b`;
const encryptedWith = (sseAlgorithm: string) => ({
  rules: [{ applyServerSideEncryptionByDefault: { sseAlgorithm } }],
});

/** Algorithms that a bucket's encryption names; S3 encrypts with its own keys where none is declared, which nothing then holds to. */
function bucketAlgorithms(resource: Parameters<Rule["check"]>[0], stack: Parameters<Rule["check"]>[1]): unknown[] {
  return referring(stack, types.bucketEncryption, "bucket", resource)
    .flatMap(({ props }) => list(props.rules))
    .map((rule) => at(rule, "applyServerSideEncryptionByDefault.sseAlgorithm"));
}

const bucketEncrypted: Rule = {
  id: "CKV_AWS_19",
  severity: "high",
  title: "Buckets say how they are encrypted",
  rationale: "What a bucket declares is held; what it inherits can change.",
  remediation: "Declare an aws.s3.BucketServerSideEncryptionConfiguration.",
  types: [types.bucket],
  scope: "stack",
  check: (resource, stack) =>
    bucketAlgorithms(resource, stack).some((one) => ["AES256", "aws:kms", "aws:kms:dsse"].includes(String(one)))
      ? undefined
      : "no encryption is declared",
  passing: [
    { type: types.bucket, urn: encryptionUrn },
    { type: types.bucketEncryption, props: encryptedWith("AES256"), references: { bucket: [encryptionUrn] } },
  ],
  failing: [{ type: types.bucket, urn: encryptionUrn }],
};

const bucketKey: Rule = {
  ...bucketEncrypted,
  id: "CKV_AWS_145",
  severity: "low",
  title: "Buckets are encrypted with KMS",
  rationale: "A key of our own can be revoked, and every use of it is logged.",
  remediation: "Set sseAlgorithm to aws:kms.",
  check: (resource, stack) =>
    bucketAlgorithms(resource, stack).some((one) => String(one).startsWith("aws:kms"))
      ? undefined
      : "it is encrypted with the keys of S3",
  passing: [
    { type: types.bucket, urn: encryptionUrn },
    { type: types.bucketEncryption, props: encryptedWith("aws:kms"), references: { bucket: [encryptionUrn] } },
  ],
};

const isTrue = (value: unknown): boolean => String(value) === "true";

const disksEncrypted: Rule = {
  id: "CKV_AWS_8",
  alsoKnownAs: ["EC2.3"],
  severity: "critical",
  title: "Disks of instances are encrypted",
  rationale: "A disk or its snapshot that leaves the account must be useless to whoever has it.",
  remediation: "Set encrypted on every block device.",
  types: [types.instance, types.launchTemplate, "aws:imagebuilder/imageRecipe:ImageRecipe"],
  scope: "resource",
  check: ({ type, props }) => {
    if (type === types.instance) {
      const disks = [props.rootBlockDevice, ...list(props.ebsBlockDevices)];
      return disks.every((disk) => isTrue(at(disk, "encrypted"))) ? undefined : "a disk is not encrypted";
    }
    const mapped = list(props.blockDeviceMappings)
      .map((one) => at(one, "ebs"))
      .filter((ebs) => ebs !== undefined);
    return mapped.every((ebs) => isTrue(at(ebs, "encrypted"))) ? undefined : "a disk is not encrypted";
  },
  passing: [{ type: types.instance, props: { rootBlockDevice: { encrypted: true } } }],
  failing: [{ type: types.instance, props: { rootBlockDevice: { encrypted: false } } }],
};

const taskVolumes: Rule = {
  id: "CKV_AWS_97",
  severity: "high",
  title: "Tasks reach shared files over TLS",
  rationale: "Files must not be readable on the wire.",
  remediation: "Set efsVolumeConfiguration.transitEncryption to ENABLED.",
  types: [types.taskDefinition],
  scope: "resource",
  check: ({ props }) =>
    list(props.volumes).some((volume) => {
      const efs = at(volume, "efsVolumeConfiguration");
      return efs !== undefined && at(efs, "transitEncryption") !== "ENABLED";
    })
      ? "a volume is mounted in plain text"
      : undefined,
  passing: [{ type: types.taskDefinition, props: { volumes: [{ name: "scratch" }] } }],
  failing: [
    {
      type: types.taskDefinition,
      props: { volumes: [{ name: "files", efsVolumeConfiguration: { fileSystemId: "fs" } }] },
    },
  ],
};

const parametersTls: Rule = {
  id: "GAP-DB-TLS",
  alsoKnownAs: ["CKV2_AWS_69"],
  severity: "high",
  title: "PostgreSQL refuses connections without TLS",
  rationale: "Passwords and players' data must not be readable on the wire, inside the VPC neither.",
  remediation: "Set the parameter rds.force_ssl to 1 in the parameter group.",
  types: [types.databaseParameters],
  scope: "resource",
  check: ({ props }) =>
    list(props.parameters).some((one) => at(one, "name") === "rds.force_ssl" && String(at(one, "value")) === "1")
      ? undefined
      : "rds.force_ssl is not 1",
  passing: [{ type: types.databaseParameters, props: { parameters: [{ name: "rds.force_ssl", value: "1" }] } }],
  failing: [{ type: types.databaseParameters, props: { parameters: [{ name: "rds.force_ssl", value: "0" }] } }],
};

const secretParameters: Rule = {
  id: "CKV2_AWS_34",
  severity: "high",
  title: "Parameters that hold a secret are encrypted",
  rationale: "Whoever may describe parameters reads those of type String.",
  remediation: "Set type to SecureString, or keep the value in Secrets Manager.",
  types: ["aws:ssm/parameter:Parameter"],
  scope: "resource",
  check: ({ name, props }) =>
    props.type !== "SecureString" &&
    /(secret|password|token|credential|private-?key|api-?key)/i.test(
      `${name} ${isSet(props, "name") ? String(props.name) : ""}`,
    )
      ? `its type is ${String(props.type)}`
      : undefined,
  passing: [{ type: "aws:ssm/parameter:Parameter", props: { type: "String", name: "/game/ami" } }],
  failing: [{ type: "aws:ssm/parameter:Parameter", props: { type: "String", name: "/game/api-key" } }],
};

export const encryptionRules: readonly Rule[] = [
  ...encryptionProperties,
  topicEncrypted,
  queueEncrypted,
  cacheAuthenticates,
  userAsksPassword,
  bucketEncrypted,
  bucketKey,
  disksEncrypted,
  taskVolumes,
  parametersTls,
  secretParameters,
];
