import { badName, type LimitProblem, type NameLimit, notOneOf, outside, type Range } from "./problem";

/** Days that a log group may keep its events. Source: CloudWatch Logs API reference, PutRetentionPolicy. */
export const logRetentionDays = [
  1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653,
] as const;

/** The problem of a log group's retention in days. */
export const logRetentionProblem = (days: number): LimitProblem | undefined => notOneOf<number>(days, logRetentionDays);

/** Names. Source: CloudWatch API reference, PutMetricData, PutMetricAlarm, PutDashboard; Logs, CreateLogGroup. */
export const cloudwatchNames = {
  logGroup: { max: 512, pattern: /^[.\-_/#A-Za-z0-9]+$/, words: "letters, digits, . - _ / #" },
  namespace: { max: 255, pattern: /^(?!AWS\/)[^:]+$/, words: "not beginning with AWS/, no colon" },
  metric: { max: 255, pattern: /^[\x20-\x7e]+$/, words: "printable ASCII" },
  dimensionValue: { max: 1024, pattern: /^[\x20-\x7e]+$/, words: "printable ASCII" },
  alarm: { max: 255, pattern: /^[\x20-\x7e]+$/, words: "printable ASCII" },
  dashboard: { max: 255, pattern: /^[A-Za-z0-9_-]+$/, words: "letters, digits, hyphen, underscore" },
} as const satisfies Record<string, NameLimit>;

/** Counts. Source: CloudWatch quotas page and API reference. */
export const cloudwatchLimits = {
  dimensions: { min: 0, max: 30 },
  metricsPerPut: { min: 1, max: 1000 },
  valuesPerMetric: { min: 1, max: 150 },
  alarmActionsPerState: { min: 0, max: 5 },
  metricsPerAlarm: { min: 1, max: 10 },
  widgetsPerDashboard: { min: 0, max: 500 },
  metricsPerWidget: { min: 0, max: 500 },
} as const satisfies Record<string, Range>;

/** Seconds in a day and in a week bound how long an alarm may look back. Source: PutMetricAlarm, EvaluationPeriods. */
const longestLookback = { short: 86_400, long: 604_800 } as const;

/** The problem of an alarm's period in seconds and its number of periods. */
export function alarmPeriodProblem(period: number, evaluationPeriods: number): LimitProblem | undefined {
  if (![10, 20, 30].includes(period) && (period < 60 || period % 60 !== 0)) {
    return { given: period, allowed: "10, 20, 30 or a multiple of 60 seconds" };
  }
  const longest = period < 3600 ? longestLookback.short : longestLookback.long;
  return outside(evaluationPeriods, {
    min: 1,
    max: Math.floor(longest / period),
    unit: `periods of ${period} seconds`,
  });
}

/** The problem of a log group's name. */
export const logGroupNameProblem = (name: string): LimitProblem | undefined => badName(name, cloudwatchNames.logGroup);
