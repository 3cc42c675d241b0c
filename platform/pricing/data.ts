import { at, listAt, numberAt, textAt } from "./graph";
import { always, hourly, monthly, type Pricing, perLevel } from "./line";
import type { Pricer } from "./pricer";

/** Days of Performance Insights that cost nothing. https://aws.amazon.com/rds/performance-insights/pricing/ */
const freeInsightsDays = 7;

/** Days that logs are kept where the group sets no end: a year is billed. */
const endlessDays = 365;

const daysPerMonth = 365 / 12;

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
    ...(numberAt(resource, "performanceInsightsRetentionPeriod", freeInsightsDays) > freeInsightsDays
      ? [monthly("rds.performance-insights.long-term", always(1), "instance")]
      : []),
  ];
};

const cache: Pricer = (resource): Pricing => {
  const type = textAt(resource, "nodeType");
  if (type === undefined) return { unpriced: "its node type is not known" };
  const shards = numberAt(resource, "numNodeGroups", 1);
  const nodes = numberAt(resource, "numCacheClusters", shards * (1 + numberAt(resource, "replicasPerNodeGroup", 0)));
  return [hourly(`elasticache.${type}`, always(nodes), `${type} nodes`)];
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

export const dataPricers: Readonly<Record<string, Pricer>> = {
  "aws:rds/instance:Instance": database,
  "aws:elasticache/replicationGroup:ReplicationGroup": cache,
  "aws:s3/bucket:Bucket": (_resource, { usage }) => [monthly("s3.standard.storage", usage.bucketGb, "GB")],
  "aws:ecr/registryScanningConfiguration:RegistryScanningConfiguration": (resource) =>
    textAt(resource, "scanType") === "BASIC" ? "free" : { unpriced: "enhanced scanning is billed by image" },
  "aws:ecr/repository:Repository": (_resource, { usage }) => [monthly("ecr.storage", usage.registryGb, "GB")],
  "aws:sqs/queue:Queue": messages("sqs.requests"),
  "aws:sns/topic:Topic": messages("sns.requests"),
  "aws:secretsmanager/secret:Secret": (_resource, { usage }) => [
    monthly("secrets-manager.secret", always(1), "secret"),
    monthly(
      "secrets-manager.api",
      perLevel((level) => usage.secretReads[level] / 10),
      "ten thousand reads",
    ),
  ],
  "aws:kms/key:Key": () => [monthly("kms.key", always(1), "key")],
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
