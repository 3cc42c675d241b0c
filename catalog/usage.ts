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
  logGb: { minimum: 0.1, expected: 0.5, maximum: 5, unit: "GB/month", about: "written to each log group" },
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
    minimum: 0,
    expected: 10,
    maximum: 40,
    unit: "metrics",
    about: "Container Insights metrics per service",
  },
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
