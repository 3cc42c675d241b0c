import { InputError } from "../input-error";
import { type AlarmDefinition, type Definitions, type Series, times } from "./definition";

/** What a part of the platform promises its users over 30 days. */
export interface Objective<Text> {
  /** Begins the ids of its alarms. */
  readonly id: string;
  readonly runbook: string;
  /** What is promised, as the first half of a sentence. */
  readonly title: string;
  /** Share of good requests, between 0 and 1. */
  readonly target: number;
  /** What is counted, without a period. The ids are those of `bad`. */
  readonly series: readonly Series<Text>[];
  /** Id of the series that counts all requests. */
  readonly total: string;
  /** Metric math for the number of bad requests. */
  readonly bad: string;
  /** Requests in a window below which it is not judged: one failure of three says little. @default 20 */
  readonly atLeast?: number;
  /** Id of an alarm that explains this one's page. */
  readonly suppressedBy?: string;
  /** One example of the series for a window in which a share `bad` of `total` requests is bad. */
  readonly example: (total: number, bad: number) => Readonly<Record<string, number>>;
}

/** Days that an objective is kept over. */
export const objectiveDays = 30;

/**
 * The pairs of windows at which spending the error budget wakes somebody: both must burn that many times faster than the budget lasts.
 * Source: The Site Reliability Workbook, chapter 5, table 5-8.
 */
export const burnRates = [
  { severity: "page", name: "1h", longSeconds: 3_600, shortSeconds: 300, burn: 14.4 },
  { severity: "page", name: "6h", longSeconds: 21_600, shortSeconds: 1_800, burn: 6 },
  { severity: "ticket", name: "1d", longSeconds: 86_400, shortSeconds: 7_200, burn: 3 },
  { severity: "ticket", name: "3d", longSeconds: 259_200, shortSeconds: 21_600, burn: 1 },
] as const;

/** Share of the budget of `objectiveDays` that is spent when a pair fires: burn x window / period. */
export const budgetSpent = ({ burn, longSeconds }: (typeof burnRates)[number]): number =>
  (burn * longSeconds) / (objectiveDays * 86_400);

/** Digits that a threshold is rounded to, so that 14.4 x 0.001 reads 0.0144. */
const rounded = (value: number): number => Number(value.toPrecision(12));

/**
 * The alarms of an objective: one per window, read by a composite that pages and one that opens a ticket.
 * @param where File in which the objective is set, for messages.
 * @throws InputError for a target whose fastest pair could never fire: 14.4 times the budget above 1.
 */
export function burnRateAlarms<Text>(objective: Objective<Text>, where: string): Definitions<Text> {
  const budget = 1 - objective.target;
  const fastest = Math.max(...burnRates.map(({ burn }) => burn));
  if (!(objective.target < 1 && fastest * budget < 1)) {
    throw new InputError({
      path: `${objective.id}.target`,
      given: objective.target,
      allowed: `above ${rounded(1 - 1 / fastest).toFixed(4)} and below 1, so that errors can burn the budget ${fastest} times too fast`,
      where,
    });
  }
  const alarms = burnRates.flatMap((pair) => {
    const threshold = rounded(pair.burn * budget);
    return (["long", "short"] as const).map((window) => windowAlarm(objective, pair, window, threshold));
  });
  const composites = (["page", "ticket"] as const).map((severity) => ({
    id: `${objective.id}-${severity}`,
    runbook: objective.runbook,
    severity,
    title: `${objective.title}, and the error budget of ${objectiveDays} days is burning ${severity === "page" ? "fast" : "slowly"}`,
    anyOf: burnRates
      .filter((pair) => pair.severity === severity)
      .map(({ name }) => [alarmId(objective, name, "long"), alarmId(objective, name, "short")]),
    ...(objective.suppressedBy === undefined ? {} : { suppressedBy: objective.suppressedBy }),
  }));
  return { alarms, composites };
}

const alarmId = ({ id }: { readonly id: string }, pair: string, window: "long" | "short"): string =>
  `${id}-${pair}-${window}`;

function windowAlarm<Text>(
  objective: Objective<Text>,
  pair: (typeof burnRates)[number],
  window: "long" | "short",
  threshold: number,
): AlarmDefinition<Text> {
  const { total, bad, atLeast = 20, example } = objective;
  const requests = 100_000;
  const at = (share: number) => onePoint(example(requests, Math.round(share * requests)));
  const nothing = Object.fromEntries(objective.series.map(({ id }) => [id, times(3, null)]));
  const few = atLeast - 1;
  return {
    id: alarmId(objective, pair.name, window),
    runbook: objective.runbook,
    title: `More than ${rounded(threshold * 100)} % of requests failed in ${duration(pair[`${window}Seconds`])}`,
    series: objective.series,
    expression: `IF(FILL(${total}, 0) < ${atLeast}, 0, (${bad}) / ${total})`,
    comparison: "GreaterThanThreshold",
    threshold,
    periodSeconds: pair[`${window}Seconds`],
    periods: 1,
    missing: "notBreaching",
    fires: at(threshold + 0.001),
    quiet: [at(threshold), onePoint(example(few, few)), nothing],
  };
}

const onePoint = (values: Readonly<Record<string, number>>) =>
  Object.fromEntries(Object.entries(values).map(([id, value]) => [id, [value]]));

function duration(seconds: number): string {
  if (seconds < 3_600) return `${seconds / 60} minutes`;
  const hours = seconds / 3_600;
  return hours === 1 ? "1 hour" : hours % 24 === 0 && hours > 24 ? `${hours / 24} days` : `${hours} hours`;
}
