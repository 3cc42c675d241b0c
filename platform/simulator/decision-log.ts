/** What kind of thing happened to a group. */
export type DecisionKind =
  | "scale-out"
  | "scale-in"
  | "scheduled"
  | "launch-failed"
  | "abandoned"
  | "unhealthy"
  | "rebalance"
  | "interrupted"
  | "refresh";

/** One line of the log: what was decided, on which alarm and figure, by which formula. */
export interface Decision {
  /** Seconds since the start of the run. */
  readonly time: number;
  readonly group: string;
  readonly kind: DecisionKind;
  /** Desired capacity before and after; equal for what is no decision about capacity. */
  readonly from: number;
  readonly to: number;
  readonly policy?: string;
  readonly alarm?: string;
  /** The metric with its value at the decision. */
  readonly metric?: string;
  readonly formula?: string;
  readonly note?: string;
}

/** Takes decisions as they fall. */
export type DecisionSink = (decision: Decision) => void;

/** `3d 04:05:10` since the start of the run. */
export function clock(seconds: number): string {
  const two = (value: number) => String(Math.floor(value)).padStart(2, "0");
  return `${Math.floor(seconds / 86_400)}d ${two((seconds / 3600) % 24)}:${two((seconds / 60) % 60)}:${two(seconds % 60)}`;
}

/** A decision as one line of text. */
export function describeDecision(decision: Decision): string {
  const { time, group, kind, from, to, policy, alarm, metric, formula, note } = decision;
  const change = from === to ? `at ${to}` : `${from} -> ${to}`;
  const parts = [policy, alarm && `alarm ${alarm}`, metric, formula, note].filter(Boolean).join(" | ");
  return `${clock(time)}  ${group}  ${kind}  ${change}  ${parts}`.trimEnd();
}
