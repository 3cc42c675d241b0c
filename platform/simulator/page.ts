import { escapeXml, timeChart } from "./charts";
import type { Comparison } from "./compare";
import { describeDecision } from "./decision-log";
import { hourlyRates, type SimulationResult, type TierResult } from "./simulate";
import { describeRun, percent, usd } from "./text";

const colors = {
  demand: "#0969da",
  need: "#8250df",
  ready: "#1a7f37",
  starting: "#bf8700",
  desired: "#24292f",
  bad: "#cf222e",
  pool: "#57606a",
};

/** The charts of one tier, each an SVG element that stands alone: demand, capacity, latency, cost. */
export function tierCharts(
  { group, series, need, decisions, workload }: TierResult,
  durationSeconds: number,
): string[] {
  const rates = hourlyRates(group);
  const total = series.ready.map((ready, index) => ready + series.starting[index]!);
  const blended =
    (rates.onDemand * group.onDemandPercentAboveBase +
      (rates.spot || rates.onDemand) * (100 - group.onDemandPercentAboveBase)) /
    100;
  const marks = decisions
    .filter(({ kind }) => kind === "interrupted" || kind === "launch-failed" || kind === "abandoned")
    .slice(0, 200)
    .map((decision) => ({ seconds: decision.time, color: colors.bad, text: describeDecision(decision) }));
  const pooled = series.pooled.some((count) => count > 0);
  return [
    timeChart({
      title: `${group.tier}: demand`,
      unit: "requests/s",
      durationSeconds,
      series: [{ name: "requests a second", values: series.arrivals, color: colors.demand, kind: "area" }],
    }),
    timeChart({
      title: `${group.tier}: capacity by lifecycle (${group.min} to ${group.max} nodes)`,
      unit: "nodes",
      durationSeconds,
      marks,
      series: [
        { name: "starting", values: total, color: colors.starting, kind: "area" },
        { name: "serving", values: series.ready, color: colors.ready, kind: "area" },
        ...(pooled ? [{ name: "warm pool", values: series.pooled, color: colors.pool }] : []),
        { name: "desired", values: series.desired, color: colors.desired },
        { name: "needed for the SLO", values: need, color: colors.need },
      ],
    }),
    timeChart({
      title: `${group.tier}: time to the first token (limit ${workload.slo.ttftMs} ms) and requests that wait`,
      unit: "ms, requests",
      durationSeconds,
      series: [
        { name: "first token, ms", values: series.firstTokenMs, color: colors.bad },
        { name: "waiting requests", values: series.waiting, color: colors.starting },
      ],
    }),
    timeChart({
      title: `${group.tier}: what the nodes report`,
      unit: "%",
      durationSeconds,
      series: [
        { name: "GPU utilisation", values: series.utilization, color: colors.demand },
        { name: "KV cache", values: series.kvUsage, color: colors.ready },
        { name: "running requests (count)", values: series.batch, color: colors.need },
      ],
    }),
    timeChart({
      title: `${group.tier}: cost at the group's mix of purchase`,
      unit: "$/h",
      durationSeconds,
      series: [
        { name: "paid", values: series.billed.map((count) => count * blended), color: colors.bad, kind: "area" },
        { name: "needed", values: need.map((count) => count * blended), color: colors.need },
      ],
    }),
  ];
}

/** The body of the report: figures, charts, comparisons, decisions; to be put into any page. */
export function reportSection(
  result: SimulationResult,
  tables: readonly { title: string; rows: readonly Comparison[] }[] = [],
): string {
  const { durationSeconds } = result.demand;
  return [
    `<h2>Simulation of ${escapeXml(result.stack)} under ${escapeXml(result.demand.name)}</h2>`,
    `<pre>${escapeXml(describeRun(result))}</pre>`,
    ...tables.map(({ title, rows }) => comparisonTable(title, rows)),
    ...result.tiers.flatMap((tier) => [
      `<h3>${escapeXml(tier.group.name)}</h3>`,
      ...tierCharts(tier, durationSeconds),
      decisionList(tier),
    ]),
  ].join("\n");
}

function comparisonTable(title: string, rows: readonly Comparison[]): string {
  const cells = rows.map(
    ({ name, monthly, sloAttainment, gaveUpShare, decisions, meetsSlo }) =>
      `<tr${meetsSlo ? "" : ' class="missed"'}><td>${escapeXml(name)}</td><td>${usd(monthly)}</td><td>${percent(sloAttainment)}</td><td>${percent(gaveUpShare)}</td><td>${decisions}</td></tr>`,
  );
  const head = "<tr><th></th><th>a month</th><th>within the SLO</th><th>given up</th><th>decisions</th></tr>";
  return `<h3>${escapeXml(title)}</h3><table>${head}${cells.join("")}</table>`;
}

function decisionList({ decisions }: TierResult): string {
  const shown = decisions.slice(0, 500).map((decision) => escapeXml(describeDecision(decision)));
  const rest = decisions.length - shown.length;
  const more = rest > 0 ? `\n... and ${rest} more` : "";
  return `<details><summary>${decisions.length} decisions</summary><pre>${shown.join("\n")}${more}</pre></details>`;
}

/** A page of its own around the report. */
export function reportPage(
  result: SimulationResult,
  tables: readonly { title: string; rows: readonly Comparison[] }[] = [],
): string {
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>Simulation of ${escapeXml(result.stack)}</title>
<style>
body { font-family: system-ui, sans-serif; max-width: 1000px; margin: 2rem auto; padding: 0 1rem; color: #1b1f24; }
svg { max-width: 100%; height: auto; margin: 0.5rem 0; border: 1px solid #d8dee4; }
pre { overflow-x: auto; background: #f6f8fa; padding: 0.75rem; font-size: 12px; }
table { border-collapse: collapse; } td, th { padding: 0.25rem 0.75rem; text-align: right; border-bottom: 1px solid #d8dee4; }
td:first-child { text-align: left; } tr.missed { color: #cf222e; }
</style>
${reportSection(result, tables)}
</html>
`;
}
