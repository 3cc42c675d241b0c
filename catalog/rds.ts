import { badName, type LimitProblem, type NameLimit, notOneOf, outside, type Range } from "./problem";

/** Values of an RDS instance. Source: RDS API reference, CreateDBInstance. */
export const rdsLimits = {
  backupDays: { min: 0, max: 35, unit: "days" },
  gp3StorageGib: { min: 20, max: 65_536, unit: "GiB" },
  ioStorageGib: { min: 100, max: 65_536, unit: "GiB" },
} as const satisfies Record<string, Range>;

/** Seconds between two samples of enhanced monitoring; 0 is off. Source: CreateDBInstance, MonitoringInterval. */
export const monitoringIntervals = [0, 1, 5, 10, 15, 30, 60] as const;

/** Days that Performance Insights keeps: 7, whole months of 31 days up to 23, or 731. Source: CreateDBInstance. */
export const performanceInsightsDays: readonly number[] = [
  7,
  ...Array.from({ length: 23 }, (_, n) => 31 * (n + 1)),
  731,
];

/** Logs that RDS for PostgreSQL ships to CloudWatch. Source: CreateDBInstance, EnableCloudwatchLogsExports. */
export const postgresLogExports = ["iam-db-auth-error", "postgresql", "upgrade"] as const;

/** Names. Source: RDS API reference, CreateDBInstance, CreateDBSubnetGroup, CreateDBParameterGroup. */
export const rdsNames = {
  identifier: {
    max: 63,
    pattern: /^[a-z](?!.*--)(?:[a-z0-9-]*[a-z0-9])?$/,
    words: "lower-case letters, digits, hyphens; a letter first, no double hyphen, no hyphen last",
  },
  databaseName: { max: 63, pattern: /^[A-Za-z][A-Za-z0-9_]*$/, words: "letters, digits, underscore; a letter first" },
  masterUsername: {
    max: 63,
    pattern: /^(?!pg_|rds)[A-Za-z][A-Za-z0-9_]*$/,
    words: "letters, digits, underscore; a letter first; not beginning with pg_ or rds",
  },
  finalSnapshot: {
    max: 255,
    pattern: /^[A-Za-z](?!.*--)(?:[A-Za-z0-9-]*[A-Za-z0-9])?$/,
    words: "letters, digits, hyphens; a letter first, no double hyphen, no hyphen last",
  },
} as const satisfies Record<string, NameLimit>;

/**
 * The first minor version of each PostgreSQL major on RDS that may carry pgvector 0.8.2. That release (February 2026) closes
 * CVE-2026-3172, and RDS takes up the newest extension versions with the next quarterly minor versions, which were those of
 * May 2026. Inferred from these dates, since the rows of AWS's extension table could not be read; the knowledge base checks the
 * extension's own version when it starts. Source: Release Notes for Amazon RDS for PostgreSQL, "Extension versions".
 */
export const pgvectorFloor = { 14: 23, 15: 18, 16: 14, 17: 10, 18: 4 } as const satisfies Record<number, number>;

/** The newest minor versions that RDS listed when this was written. Source: cfn-lint 1.58, RDS engine versions. */
export const newestPostgres = { 14: 24, 15: 19, 16: 15, 17: 11, 18: 6 } as const satisfies Record<
  keyof typeof pgvectorFloor,
  number
>;

/** The problem of an engine version that cannot carry a safe pgvector. */
export function pgvectorProblem(engineVersion: string): LimitProblem | undefined {
  const [major, minor] = engineVersion.split(".").map(Number);
  const floors: Readonly<Record<number, number>> = pgvectorFloor;
  const floor = floors[major ?? 0];
  if (floor !== undefined && minor !== undefined && minor >= floor) return undefined;
  const allowed = Object.entries(pgvectorFloor).map(([version, first]) => `${version}.${first}`);
  return { given: engineVersion, allowed: `${allowed.join(", ")} or a later minor version, for pgvector 0.8.2` };
}

/** The problem of a monitoring interval in seconds. */
export const monitoringIntervalProblem = (seconds: number): LimitProblem | undefined =>
  notOneOf<number>(seconds, monitoringIntervals);

/** The problem of a retention of Performance Insights in days. */
export const performanceInsightsProblem = (days: number): LimitProblem | undefined =>
  notOneOf(days, performanceInsightsDays);

/** The problem of an instance identifier. */
export const rdsIdentifierProblem = (name: string): LimitProblem | undefined => badName(name, rdsNames.identifier);

/** The problem of a backup retention in days. */
export const backupDaysProblem = (days: number): LimitProblem | undefined => outside(days, rdsLimits.backupDays);

const weekdays = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"] as const;
const dayMinutes = 24 * 60;

/**
 * The problem of the daily backup window (`HH:MM-HH:MM`, UTC) and the weekly maintenance window (`ddd:HH:MM-ddd:HH:MM`): each at
 * least 30 minutes, and not overlapping. Source: CreateDBInstance, PreferredBackupWindow and PreferredMaintenanceWindow.
 */
export function windowsProblem(backup: string, maintenance: string): LimitProblem | undefined {
  const daily = /^(\d\d):(\d\d)-(\d\d):(\d\d)$/.exec(backup);
  if (daily === null) return { given: backup, allowed: "a daily window such as 03:00-04:00" };
  const weekly = /^(sun|mon|tue|wed|thu|fri|sat):(\d\d):(\d\d)-(sun|mon|tue|wed|thu|fri|sat):(\d\d):(\d\d)$/.exec(
    maintenance,
  );
  if (weekly === null) return { given: maintenance, allowed: "a weekly window such as sun:05:00-sun:06:00" };
  const from = minutes(daily[1], daily[2]);
  const length = (minutes(daily[3], daily[4]) - from + dayMinutes) % dayMinutes;
  if (length < 30) return { given: backup, allowed: "a window of at least 30 minutes" };
  const week = 7 * dayMinutes;
  const start = day(weekly[1]) * dayMinutes + minutes(weekly[2], weekly[3]);
  const span = (day(weekly[4]) * dayMinutes + minutes(weekly[5], weekly[6]) - start + week) % week;
  if (span < 30) return { given: maintenance, allowed: "a window of at least 30 minutes" };
  const meets = weekdays.some((_, index) => overlap(index * dayMinutes + from, length, start, span, week));
  return meets ? { given: maintenance, allowed: `a window that does not meet the backup window ${backup}` } : undefined;
}

function minutes(hours = "0", rest = "0"): number {
  return Number(hours) * 60 + Number(rest);
}

function day(name = "sun"): number {
  return (weekdays as readonly string[]).indexOf(name);
}

function overlap(a: number, aLength: number, b: number, bLength: number, cycle: number): boolean {
  return (b - a + cycle) % cycle < aLength || (a - b + cycle) % cycle < bLength;
}

/** GiB of memory of size `large`, by the family's first letter. Source: RDS User Guide, "DB instance classes". */
const memoryOfLarge = { t: 8, m: 8, r: 16 } as const;
const sizes: Readonly<Record<string, number>> = { micro: 1 / 8, small: 1 / 4, medium: 1 / 2, large: 1, xlarge: 2 };

/** GiB of memory of an RDS class such as `db.r6g.large`; undefined for a family or size that is not known. */
export function classMemoryGb(instanceClass: string): number | undefined {
  const [, family = "", size = ""] = instanceClass.split(".");
  const large = memoryOfLarge[family[0] as keyof typeof memoryOfLarge];
  const several = /^(\d+)xlarge$/.exec(size);
  const factor = several === null ? sizes[size] : 2 * Number(several[1]);
  return large === undefined || factor === undefined ? undefined : large * factor;
}
