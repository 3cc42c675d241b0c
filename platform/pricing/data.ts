import { at, listAt, numberAt, textAt } from "./graph";
import { always, hourly, monthly, type Pricing, perLevel } from "./line";
import type { Pricer } from "./pricer";

/** Days of Performance Insights that cost nothing. https://aws.amazon.com/rds/performance-insights/pricing/ */
const freeInsightsDays = 7;

/** Days that logs are kept where the group sets no end: a year is billed. */
const endlessDays = 365;

const daysPerMonth = 365 / 12;

/** vCPU of an instance class by its size; undefined for one that is not known. https://aws.amazon.com/rds/instance-types/ */
function vcpuOf(instanceClass: string): number | undefined {
  const size = instanceClass.split(".").at(-1)!;
  if (/^(micro|small|medium|large)$/.test(size)) return 2;
  const large = /^(\d*)xlarge$/.exec(size);
  return large === null ? undefined : 4 * Number(large[1] || 1);
}

/** gp3 of RDS has 3,000 IOPS without a charge below 400 GB, 12,000 from there on. https://aws.amazon.com/rds/pricing/ */
const freeDatabaseIops = (storageGb: number): number => (storageGb < 400 ? 3_000 : 12_000);

const database: Pricer = (resource, { usage }): Pricing => {
  const zones = textAt(resource, "multiAz") === "true" ? "multi-az" : "single-az";
  const type = textAt(resource, "instanceClass");
  if (type === undefined) return { unpriced: "its instance class is not known" };
  const storage = numberAt(resource, "allocatedStorage", 0);
  const most = Math.max(storage, numberAt(resource, "maxAllocatedStorage", storage));
  return [
    hourly(`rds.${type}.${zones}`, always(1), `${type} ${zones}`),
    monthly(`rds.gp3.storage.${zones}`, { minimum: storage, expected: storage, maximum: most }, "GB of gp3"),
    monthly("rds.backup.storage", usage.backupGb, "GB of backups"),
    monthly(
      `rds.gp3.iops.${zones}`,
      always(Math.max(0, numberAt(resource, "iops", 0) - freeDatabaseIops(storage))),
      "IOPS beyond the free ones",
    ),
    ...(numberAt(resource, "performanceInsightsRetentionPeriod", freeInsightsDays) > freeInsightsDays
      ? [
          monthly(
            `rds.performance-insights.long-term.${type.split(".")[1]?.[0]}`,
            always(vcpuOf(type) ?? 1),
            "vCPU with long-term samples",
          ),
        ]
      : []),
    ...(textAt(resource, "manageMasterUserPassword") === "true"
      ? [monthly("secrets-manager.secret", always(1), "secret that RDS makes itself")]
      : []),
  ];
};

const cache: Pricer = (resource, { usage }): Pricing => {
  const type = textAt(resource, "nodeType");
  if (type === undefined) return { unpriced: "its node type is not known" };
  const shards = numberAt(resource, "numNodeGroups", 1);
  const nodes = numberAt(resource, "numCacheClusters", shards * (1 + numberAt(resource, "replicasPerNodeGroup", 0)));
  return [
    hourly(`elasticache.${type}`, always(nodes), `${type} nodes`),
    ...(numberAt(resource, "snapshotRetentionLimit", 0) > 0
      ? [monthly("elasticache.backup.storage", usage.cacheBackupGb, "GB of snapshots")]
      : []),
  ];
};

const messages = (price: string): Pricer => {
  const freeMillions = 1;
  return (_resource, { usage }) => [
    monthly(
      price,
      perLevel((level) => Math.max(0, usage.messageMillions[level] - freeMillions) * 1000),
      "thousand requests beyond the free million",
    ),
  ];
};

/** Deliveries that SNS charges for; those to queues and functions are free. https://aws.amazon.com/sns/pricing/ */
const deliveries: Readonly<Record<string, { readonly price: string; readonly freeThousands: number }>> = {
  http: { price: "sns.deliveries.http", freeThousands: 100 },
  https: { price: "sns.deliveries.http", freeThousands: 100 },
  email: { price: "sns.deliveries.email", freeThousands: 1 },
  "email-json": { price: "sns.deliveries.email", freeThousands: 1 },
};

export const dataPricers: Readonly<Record<string, Pricer>> = {
  "aws:rds/instance:Instance": database,
  "aws:elasticache/replicationGroup:ReplicationGroup": cache,
  "aws:s3/bucket:Bucket": (_resource, { usage }) => [
    monthly("s3.standard.storage", usage.bucketGb, "GB"),
    monthly("s3.standard.put", usage.bucketWrites, "thousand writes"),
    monthly("s3.standard.get", usage.bucketReads, "thousand reads"),
  ],
  "aws:ecr/registryScanningConfiguration:RegistryScanningConfiguration": (resource) =>
    textAt(resource, "scanType") === "BASIC" ? "free" : { unpriced: "enhanced scanning is billed by image" },
  "aws:ecr/repository:Repository": (_resource, { usage }) => [monthly("ecr.storage", usage.registryGb, "GB")],
  "aws:sqs/queue:Queue": messages("sqs.requests"),
  "aws:sns/topic:Topic": messages("sns.requests"),
  "aws:sns/topicSubscription:TopicSubscription": (resource, { usage }): Pricing => {
    const by = deliveries[textAt(resource, "protocol") ?? ""];
    if (by === undefined) return "free";
    const beyond = perLevel((level) => Math.max(0, usage.notifications[level] - by.freeThousands));
    return [monthly(by.price, beyond, "thousand deliveries beyond the free ones")];
  },
  "aws:secretsmanager/secret:Secret": (_resource, { usage }) => [
    monthly("secrets-manager.secret", always(1), "secret"),
    monthly(
      "secrets-manager.api",
      perLevel((level) => usage.secretReads[level] / 10),
      "ten thousand reads",
    ),
  ],
  "aws:kms/key:Key": (_resource, { usage }) => [
    monthly("kms.key", always(1), "key"),
    monthly("kms.requests", usage.keyRequests, "ten thousand requests"),
  ],
  "aws:cloudwatch/logGroup:LogGroup": (resource, { usage }) => {
    const months = (numberAt(resource, "retentionInDays", 0) || endlessDays) / daysPerMonth;
    return [
      monthly("logs.ingest", usage.logGb, "GB written"),
      monthly(
        "logs.storage",
        perLevel((level) => usage.logGb[level] * months),
        "GB kept",
      ),
    ];
  },
  "aws:cloudwatch/dashboard:Dashboard": () => [monthly("cloudwatch.dashboard", always(1), "dashboard")],
  "aws:cloudwatch/compositeAlarm:CompositeAlarm": () => [
    monthly("cloudwatch.alarm.composite", always(1), "composite alarm"),
  ],
  "aws:cloudwatch/metricAlarm:MetricAlarm": (resource) => {
    const queries = listAt(resource, "metricQueries").filter((query) => at(query, "metric") !== undefined).length;
    const fast = numberAt(resource, "period", 60) < 60;
    return [
      monthly(
        `cloudwatch.alarm.${fast ? "high-resolution" : "standard"}`,
        always(Math.max(1, queries)),
        "alarm metrics",
      ),
    ];
  },
  "aws:autoscaling/policy:Policy": (resource): Pricing => {
    if (textAt(resource, "policyType") !== "TargetTrackingScaling") return "free";
    const period = numberAt(resource, "targetTrackingConfiguration.customizedMetricSpecification.period", 60);
    return [
      monthly(
        `cloudwatch.alarm.${period < 60 ? "high-resolution" : "standard"}`,
        always(2),
        "alarms of the policy's own",
      ),
    ];
  },
  "aws:appautoscaling/policy:Policy": (resource): Pricing =>
    textAt(resource, "policyType") === "TargetTrackingScaling"
      ? [monthly("cloudwatch.alarm.standard", always(2), "alarms of the policy's own")]
      : "free",
};
