import type { Series } from "../alarms/definition";

/** A line of a chart: a metric, or metric math over the others. */
export type Line<Text> = Series<Text> | { readonly id: string; readonly expression: string; readonly label: string };

/** A chart over time. */
export interface Chart<Text> {
  readonly kind: "chart";
  readonly title: string;
  readonly lines: readonly Line<Text>[];
  /** Ids of lines that are inputs of an expression and are not drawn. */
  readonly hidden?: readonly string[];
  /** Limits that policies and alarms act at, drawn across. */
  readonly limits?: readonly { readonly label: string; readonly value: number }[];
  /** Unit of the axis, such as `%` or `s`. */
  readonly unit?: string;
  /** @default false */
  readonly stacked?: boolean;
}

/** One number over a whole span of days, such as what is left of an error budget. */
export interface Figure<Text> {
  readonly kind: "figure";
  readonly title: string;
  readonly lines: readonly Line<Text>[];
  readonly hidden?: readonly string[];
  readonly days: number;
}

/** The state of alarms. */
export interface AlarmList {
  readonly kind: "alarms";
  readonly title: string;
  /** Ids of alarms and composites. */
  readonly ids: readonly string[];
}

/** Words in Markdown. */
export interface Note {
  readonly kind: "note";
  readonly markdown: string;
}

export type Widget<Text> = Chart<Text> | Figure<Text> | AlarmList | Note;

/** A dashboard: rows of widgets that share the width. */
export interface DashboardDefinition<Text> {
  readonly id: string;
  readonly title: string;
  /** What it answers, in one sentence. */
  readonly about: string;
  readonly rows: readonly (readonly Widget<Text>[])[];
}

export const isExpression = <Text>(
  line: Line<Text>,
): line is { readonly id: string; readonly expression: string; readonly label: string } => "expression" in line;
