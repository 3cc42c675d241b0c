import { at, compareVersions, isSet, isTrue, items, text, versionNumbers } from "./reading";
import type { Condition, Inputs, Refusal, RuleAdditions } from "./rule";

const cache = at("elasticache/replication_group.go");
const cacheVersion = at("elasticache/engine_version.go");

/** A group of a global datastore follows that one, so its engine is never a reason. */
const alone = (when: Condition["when"]) => (old: Inputs, next: Inputs) =>
  isSet(next, "globalReplicationGroupId") ? false : when(old, next);

function downgrades(old: Inputs, next: Inputs): boolean | "not known" {
  const order = compareVersions(text(next, "engineVersion"), text(old, "engineVersion"));
  return order === undefined ? "not known" : order < 0;
}

/** Redis below 7.0.5 takes TLS when it is made only. `7.0` may be below or not; what is not set is not known. */
function isTooOldForTls(old: Inputs): boolean | "not known" {
  if (text(old, "engine") === "valkey") return false;
  const version = versionNumbers(text(old, "engineVersion").replace(/\.x$/, ""));
  if (version === undefined) return "not known";
  const order = compareVersions(version.join("."), "7.0.5")!;
  return order === 0 && version.length < 3 ? "not known" : order < 0;
}

const nodeGroupKeys = ["nodeGroupId", "replicaCount", "slots"];

/** Groups are compared by their id, and their zones only where the old one named them. */
function changesNodeGroups(old: Inputs, next: Inputs): boolean {
  const byId = (inputs: Inputs) =>
    new Map((items(inputs, "nodeGroupConfigurations") as Inputs[]).map((group) => [text(group, "nodeGroupId"), group]));
  const [was, is] = [byId(old), byId(next)];
  if (was.size !== is.size) return true;
  return [...was].some(([id, group]) => {
    const now = is.get(id);
    if (now === undefined || nodeGroupKeys.some((key) => text(group, key) !== text(now, key))) return true;
    const [zone, other] = [text(group, "primaryAvailabilityZone"), text(now, "primaryAvailabilityZone")];
    const zones = items(group, "replicaAvailabilityZones");
    return (
      (zone !== "" && other !== zone) ||
      (zones.length > 0 && JSON.stringify(zones) !== JSON.stringify(items(now, "replicaAvailabilityZones")))
    );
  });
}

/** The major version of an engine: two numbers for MySQL and MariaDB and for PostgreSQL below 10, else the first. */
function majorVersion(engine: string, version: string): string | undefined {
  const numbers = versionNumbers(version);
  if (numbers === undefined) return undefined;
  const two = /^(mysql|mariadb)/.test(engine) || numbers[0]! < 10;
  return numbers.slice(0, two ? 2 : 1).join(".");
}

const database: Refusal = {
  reason: (old, next) => {
    const [was, is] = [text(old, "engineVersion"), text(next, "engineVersion")];
    const engine = text(next, "engine");
    const [before, after] = [majorVersion(engine, was), majorVersion(engine, is)];
    if (before === undefined || after === undefined || text(old, "engine") !== engine) return undefined;
    if ((compareVersions(is, was) ?? 0) < 0) return `engineVersion falls from ${was} to ${is}: RDS never downgrades`;
    if (before === after || isTrue(next, "allowMajorVersionUpgrade")) return undefined;
    return `engineVersion rises from ${was} to ${is}, a major version, and allowMajorVersionUpgrade is not true`;
  },
  source: "https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_ModifyDBInstance.html",
};

/** A bucket's owner may be written down when it is the account itself, which a preview does not know. */
const owner = (file: string): RuleAdditions => ({
  conditions: [
    {
      path: "expectedBucketOwner",
      when: (old) => (isSet(old, "expectedBucketOwner") ? true : "not known"),
      source: at(file),
    },
  ],
});

const restore = (path: string): Condition => ({
  path,
  when: (_, next) => isSet(next, path),
  source: at("dynamodb/table.go"),
});

/** What the schemas of databases, caches, buckets and parameters do not say. */
export const dataAdditions: Readonly<Record<string, RuleAdditions>> = {
  "aws:rds/instance:Instance": { autoName: "identifier", refusals: [database] },
  "aws:rds/cluster:Cluster": {
    refusals: [database],
    conditions: [
      {
        path: "storageType",
        when: (_, next) => !text(next, "engine").startsWith("aurora"),
        source: at("rds/cluster.go"),
      },
    ],
  },
  "aws:elasticache/replicationGroup:ReplicationGroup": {
    autoName: "replicationGroupId",
    conditions: [
      {
        path: "engine",
        when: alone((old, next) => !(text(old, "engine") !== "valkey" && text(next, "engine") === "valkey")),
        source: cache,
      },
      { path: "engineVersion", when: alone(downgrades), source: cacheVersion },
      { path: "nodeGroupConfigurations", when: changesNodeGroups, source: cache },
      { path: "transitEncryptionEnabled", when: isTooOldForTls, source: cache },
    ],
  },
  "aws:elasticache/cluster:Cluster": {
    conditions: [
      { path: "engineVersion", when: downgrades, source: cacheVersion },
      {
        path: "nodeType",
        when: (_, next) => isSet(next, "engine") && text(next, "engine") !== "redis",
        source: at("elasticache/cluster.go"),
      },
    ],
  },
  "aws:s3/bucket:Bucket": { autoName: "bucket" },
  "aws:s3/bucketObjectv2:BucketObjectv2": { changedByUpdate: { etag: [], versionId: ["s3ObjectVersion"] } },
  "aws:s3/bucketVersioning:BucketVersioning": {
    ...owner("s3/bucket_versioning.go"),
    refusals: [
      {
        reason: (old, next) => {
          const status = (inputs: Inputs): string => text((inputs.versioningConfiguration ?? {}) as Inputs, "status");
          if (status(next) !== "Disabled" || !["Enabled", "Suspended"].includes(status(old))) return undefined;
          return `versioningConfiguration.status goes from ${status(old)} to Disabled: S3 only suspends versioning`;
        },
        source: at("s3/bucket_versioning.go"),
      },
    ],
  },
  "aws:s3/bucketLogging:BucketLogging": owner("s3/bucket_logging.go"),
  "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration": owner(
    "s3/bucket_server_side_encryption_configuration.go",
  ),
  "aws:dynamodb/table:Table": {
    conditions: ["restoreBackupArn", "restoreSourceName", "restoreSourceTableArn"].map(restore),
  },
  "aws:ssm/parameter:Parameter": {
    changedByUpdate: { version: [] },
    conditions: [
      {
        path: "tier",
        when: (old, next) => text(old, "tier") === "Advanced" && text(next, "tier") === "Standard",
        source: at("ssm/parameter.go"),
      },
    ],
  },
  "aws:ssm/document:Document": {
    changedByUpdate: { latestVersion: ["documentVersion"], defaultVersion: ["documentVersion"] },
  },
  "aws:iam/rolePolicyAttachment:RolePolicyAttachment": { deleteBeforeReplace: true },
  "aws:cloudwatch/logSubscriptionFilter:LogSubscriptionFilter": { deleteBeforeReplace: true },
};
