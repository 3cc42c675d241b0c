/** A figure for the cheapest, the expected and the busiest month. */
export interface Levels {
  readonly minimum: number;
  readonly expected: number;
  readonly maximum: number;
}

export type Level = keyof Levels;
export const levels = ["minimum", "expected", "maximum"] as const satisfies readonly Level[];

/** What no program declares and every bill depends on. Each may be set under `game-ai-platform:usage` in a stack's config. */
export interface UsageAssumption extends Levels {
  readonly unit: string;
  readonly about: string;
}

/** The assumptions that a bill is made with where the config says nothing; estimates, to be replaced by what the bill shows. */
export const usageAssumptions = {
  natGb: { minimum: 10, expected: 50, maximum: 500, unit: "GB/month", about: "through each NAT gateway" },
  endpointGb: { minimum: 5, expected: 20, maximum: 200, unit: "GB/month", about: "through each interface endpoint" },
  lcu: { minimum: 0, expected: 1, maximum: 20, unit: "LCU", about: "mean capacity units of each load balancer" },
  logGb: {
    minimum: 0.1,
    expected: 0.5,
    maximum: 5,
    unit: "GB/month",
    about: "written to each log group; decides the endpoint of logs too",
  },
  bucketGb: { minimum: 1, expected: 10, maximum: 100, unit: "GB", about: "stored in each bucket" },
  registryGb: { minimum: 0.5, expected: 1, maximum: 5, unit: "GB", about: "stored in each image registry" },
  backupGb: {
    minimum: 0,
    expected: 0,
    maximum: 100,
    unit: "GB",
    about: "database backups beyond the free size of the disk",
  },
  wafMillions: {
    minimum: 0,
    expected: 1,
    maximum: 50,
    unit: "million/month",
    about: "requests looked at by each web ACL",
  },
  messageMillions: {
    minimum: 0,
    expected: 4,
    maximum: 20,
    unit: "million/month",
    about: "requests to each queue and topic",
  },
  secretReads: { minimum: 1, expected: 5, maximum: 50, unit: "thousand/month", about: "reads of each secret" },
  insightsMetrics: {
    minimum: 20,
    expected: 20,
    maximum: 20,
    unit: "metrics",
    about: "that Container Insights publishes for each service and its task family, whatever the load",
  },
  insightsLogGb: {
    minimum: 0.05,
    expected: 0.07,
    maximum: 0.1,
    unit: "GB/month",
    about:
      "of performance records that Container Insights writes for each task: one a minute for it and each container",
  },
  interZoneGb: { minimum: 5, expected: 50, maximum: 1000, unit: "GB/month", about: "between the zones of a network" },
  bucketWrites: { minimum: 0, expected: 10, maximum: 1000, unit: "thousand/month", about: "writes to each bucket" },
  bucketReads: { minimum: 0, expected: 100, maximum: 10_000, unit: "thousand/month", about: "reads of each bucket" },
  keyRequests: { minimum: 0, expected: 2, maximum: 100, unit: "ten thousand/month", about: "requests to each KMS key" },
  notifications: {
    minimum: 0,
    expected: 0.1,
    maximum: 10,
    unit: "thousand/month",
    about: "deliveries to each subscriber by HTTP or e-mail",
  },
  cacheBackupGb: { minimum: 0, expected: 5, maximum: 60, unit: "GB", about: "kept snapshots of each cache" },
  egressGb: {
    minimum: 1,
    expected: 50,
    maximum: 2000,
    unit: "GB/month",
    about: "to the internet from each public balancer",
  },
  onDemandShareHours: {
    minimum: 0,
    expected: 60,
    maximum: 730,
    unit: "hours/month",
    about: "of instances that run on demand, such as the builder",
  },
} as const satisfies Record<string, UsageAssumption>;

export type UsageKey = keyof typeof usageAssumptions;

/**
 * GB a month and zone that the logs of programs send to CloudWatch, by the one assumption that the bill is made with.
 * @param given `usage.logGb` of the stack's config: a number for every level, or a map of levels.
 */
export function expectedLogTrafficGb(
  given: number | Partial<Levels> | undefined,
  logGroups: number,
  zones: number,
): number {
  const gb = typeof given === "number" ? given : (given?.expected ?? usageAssumptions.logGb.expected);
  return (gb * logGroups) / zones;
}
