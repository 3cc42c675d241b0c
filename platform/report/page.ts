import { readFileSync } from "node:fs";
import { join } from "node:path";
import { gpusForPlayers, playerBands } from "../../catalog/player-capacity";
import type { Finding } from "../../policies/evaluate";
import { blindSecrets, isUnknown, type PropertyMap, type PropertyValue } from "../engine";
import type { StackState } from "../plan/model";
import { type Bill, makeBill } from "../pricing/bill";
import { makeGraph } from "../pricing/graph";
import { always } from "../pricing/line";
import { boxesOf } from "./boxes";
import { drawPicture, escapeHtml } from "./picture";

export interface ReportOptions {
  readonly state: StackState;
  readonly findings: readonly Finding[];
  /** Charts of a simulation, as SVG texts with a title each. */
  readonly charts: readonly { readonly title: string; readonly svg: string }[];
  /** The day that the report is of, ISO 8601. */
  readonly today: string;
}

/** Players at which the slider has a bill. */
const playerSteps = [
  0,
  50,
  100,
  200,
  300,
  400,
  500,
  600,
  700,
  800,
  900,
  1_000,
  1_500,
  2_000,
  3_000,
  4_000,
  5_000,
  6_000,
  7_000,
  8_000,
  9_000,
  playerBands.at(-1)!.players[1],
];

/** One self-contained HTML page about a stack: it works from a file, without a network, and runs only its own script. */
export function renderPage({ state, findings, charts, today }: ReportOptions): string {
  const bill = makeBill(state);
  const data = {
    resources: listResources(state),
    bill: { components: bill.components, total: bill.total, unpriced: bill.unpriced },
    players: playerSteps.map((players) => billFor(state, players)),
    findings,
  };
  const asset = (name: string): string => readFileSync(join(__dirname, name), "utf8");
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; img-src data:">
<title>${escapeHtml(state.project)} ${escapeHtml(state.stack)}</title>
<style>
${asset("page.css")}</style>
</head>
<body>
<header>
<h1>${escapeHtml(state.project)} <span>${escapeHtml(state.stack)}</span></h1>
<p>Evaluated on ${escapeHtml(today)} from the program alone; nothing was asked of a cloud.</p>
</header>
<main>
<section id="architecture"><h2>Architecture</h2><div class="scroll">
${drawPicture(boxesOf(state.resources, bill))}
</div></section>
<section id="cost"><h2>Cost</h2>
<p><label for="players">Concurrent players</label> <input id="players" type="range" min="0" max="${playerSteps.length - 1}" value="0"> <output id="players-value" for="players"></output> <button id="bounds" type="button">Groups as declared</button></p>
<table id="cost-table"><thead><tr><th>Component</th><th>Minimum</th><th>Expected</th><th>Maximum</th></tr></thead><tbody></tbody><tfoot></tfoot></table>
<div id="unpriced"></div></section>
<section id="findings"><h2>Findings</h2><div></div></section>
<section id="simulation"><h2>Simulation</h2>${drawCharts(charts)}</section>
<section id="resources"><h2>Resources</h2>
<p><label for="search">Search</label> <input id="search" type="search" placeholder="name, type or value" autocomplete="off"> <output id="matches" for="search"></output></p>
<div id="resource-list"></div></section>
</main>
<script type="application/json" id="data">${JSON.stringify(data).replace(/</g, "\\u003c")}</script>
<script>
${asset("page-client.js")}</script>
</body>
</html>
`;
}

function billFor(state: StackState, players: number) {
  const counts = gpusForPlayers(players)!;
  const bill: Bill = makeBill(state, { gpuNodes: { gold: always(counts.gold), silver: always(counts.silver) } });
  return { players, gold: counts.gold, silver: counts.silver, components: bill.components, total: bill.total };
}

function listResources({ resources }: StackState) {
  const graph = makeGraph(resources);
  return resources
    .filter(({ type }) => !type.startsWith("pulumi:"))
    .map((resource) => ({
      name: resource.name,
      type: resource.type,
      component: graph.component(resource),
      protect: resource.protect,
      inputs: shown(blindSecrets(resource.inputs as PropertyMap)),
    }));
}

/** Unknown values in words. */
function shown(value: PropertyValue): PropertyValue {
  if (isUnknown(value)) return "known after apply";
  if (Array.isArray(value)) return value.map(shown);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, shown(inner)]));
}

function drawCharts(charts: ReportOptions["charts"]): string {
  if (charts.length === 0) return "<p>No scaling policy is declared, so there is nothing to simulate.</p>";
  return charts
    .map(({ title, svg }) => `<figure><figcaption>${escapeHtml(title)}</figcaption>${svg}</figure>`)
    .join("\n");
}
