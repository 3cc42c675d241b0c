import { hoursPerMonth, prices } from "../../catalog/prices";
import type { Comparison, Recommendation } from "./compare";
import { describeDecision } from "./decision-log";
import type { SimulationResult, TierResult } from "./simulate";

/** `$12,345`, or `unpriced`. */
export const usd = (value: number): string =>
  Number.isNaN(value) ? "unpriced" : `$${Math.round(value).toLocaleString("en-US")}`;
/** `99.12 %`. */
export const percent = (share: number): string => `${(100 * share).toFixed(2)} %`;

/** Rows of cells under each other, the first column to the left, the others to the right. */
export function table(rows: readonly (readonly string[])[]): string {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => (row[column] ?? "").length)));
  const line = (row: readonly string[]) =>
    row
      .map((cell, column) => (column === 0 ? cell.padEnd(widths[column]!) : cell.padStart(widths[column]!)))
      .join("  ");
  return rows.map((row) => line(row).trimEnd()).join("\n");
}

const seconds = (value: number): string => (value >= 600 ? `${Math.round(value / 60)} min` : `${Math.round(value)} s`);

function tierColumn(tier: TierResult): string[] {
  const { totals, firstToken, lag, nodes, monthly, oracle, interruptions, failedLaunches } = tier;
  const gaveUp = totals.arrived === 0 ? 0 : totals.gaveUp / totals.arrived;
  return [
    `${tier.group.tier} (${tier.group.instanceTypes[0]}, ${tier.group.min}-${tier.group.max})`,
    Math.round(totals.arrived).toLocaleString("en-US"),
    percent(tier.sloAttainment),
    percent(gaveUp),
    `${Math.round(firstToken.p50)} / ${Math.round(firstToken.p95)} / ${Math.round(firstToken.p99)} ms`,
    `${nodes.mean.toFixed(1)} / ${nodes.peak}`,
    percent(lag.shortShare),
    `${seconds(lag.p95Seconds)} / ${seconds(lag.longestSeconds)}`,
    String(tier.decisions.filter(({ kind }) => kind === "scale-out" || kind === "scale-in").length),
    `${interruptions} / ${failedLaunches}`,
    usd(monthly.onDemand),
    usd(monthly.spot),
    usd(monthly.disks),
    usd(monthly.total),
    usd(oracle.instant),
    usd(oracle.withLead),
  ];
}

const labels = [
  "",
  "requests",
  "within the SLO",
  "given up",
  "first token p50 / p95 / p99",
  "nodes mean / peak",
  "time with too few nodes",
  "lag p95 / longest",
  "capacity decisions",
  "spot losses / failed launches",
  "on demand a month",
  "spot a month",
  "disks a month",
  "total a month",
  "oracle, nodes at once",
  "oracle, a boot ahead",
];

/** The run as a table with what it rests on. */
export function describeRun(result: SimulationResult): string {
  const { demand, tiers } = result;
  const columns = tiers.map(tierColumn);
  const rows = labels.map((label, row) => [label, ...columns.map((column) => column[row] ?? "")]);
  const days = (demand.durationSeconds / 86_400).toFixed(1);
  return [
    `stack ${result.stack}, demand ${demand.name} (${demand.about}), ${days} days at ${result.stepSeconds} s steps, seed ${result.seed}`,
    "",
    table(rows),
    "",
    `both tiers: ${usd(result.monthly)} a month, ${percent(result.sloAttainment)} of requests within the SLO`,
    `a month is ${hoursPerMonth} hours; prices of ${prices["ec2.g5.xlarge.on-demand"].asOf}; GPU nodes and their disks only`,
    ...result.warnings.map((warning) => `note: ${warning}`),
  ].join("\n");
}

/** The decision log. */
export function describeLog(result: SimulationResult): string {
  const all = result.tiers.flatMap(({ decisions }) => decisions).sort((a, b) => a.time - b.time);
  return all.map(describeDecision).join("\n");
}

/** A comparison or a sensitivity report as a table. */
export function describeComparison(title: string, rows: readonly Comparison[], slo: number): string {
  const head = ["", "a month", "within the SLO", "given up", "decisions", `${(100 * slo).toFixed(1)} % kept`];
  const lines = rows.map((row) => [
    row.name,
    usd(row.monthly),
    percent(row.sloAttainment),
    percent(row.gaveUpShare),
    String(row.decisions),
    row.meetsSlo ? "yes" : "no",
  ]);
  return `${title}\n\n${table([head, ...lines])}`;
}

/** What a search found, with the config to paste and what it would have changed. */
export function describeRecommendation({ name, found, declared, config, tried }: Recommendation, slo: number): string {
  const saved = declared.monthly - found.monthly;
  const change = `${saved >= 0 ? "saves" : "costs"} ${usd(Math.abs(saved))} a month against what is declared`;
  const kept = found.meetsSlo ? "keeps" : "comes nearest to, and does not keep,";
  return [
    `recommended of ${tried} settings: ${name}`,
    `it ${kept} ${(100 * slo).toFixed(1)} % within the SLO in each tier: ${percent(found.sloAttainment)} (declared ${percent(declared.sloAttainment)})`,
    `${usd(found.monthly)} a month (declared ${usd(declared.monthly)}): ${change}`,
    "",
    config,
    "",
    "demand is what asks for the tier over the nodes that serve, requests a minute. Utilisation and the queue are only observed: they",
    "are not proportional to the nodes that are missing, and would decide in its place.",
  ].join("\n");
}
