// The GPU tiers: their nodes by lifecycle, and a chart for each policy.

import { createChart } from "./chart.mjs";
import { byId, element, follow, setAttributes, setText } from "./dom.mjs";
import { duration, measure, mebibytes, plural } from "./format.mjs";
import { openLog } from "./log.mjs";

const alarms = {
  OK: { text: "OK", look: "good" },
  ALARM: { text: "ALARM", look: "bad" },
  INSUFFICIENT_DATA: { text: "NO DATA", look: "" },
};

/** How a lifecycle looks: on its way in, serving, on its way out. */
const looks = { Pending: "coming", InService: "serving", Terminating: "leaving", Terminated: "gone" };
const lookOf = (lifecycle) => looks[lifecycle.split(":")[0]];

const charts = new WeakMap();

export function showTiers({ tiers, decisions, startedAt, ready }, at) {
  const place = byId("tiers");
  const absent = ready ? "The GPU tiers do not run in this part of the platform." : "The GPU tiers are not up yet.";
  setAttributes(place, { "data-absent": tiers.length === 0 && absent });
  follow(place, tiers, {
    key: ({ tier }) => tier,
    make: makeTier,
    update: (card, tier) =>
      showTier(card, tier, { at, startedAt, own: decisions.filter((each) => each.tier === tier.tier) }),
  });
}

function makeTier({ tier }) {
  const title = `${tier}-title`;
  return element(
    "section",
    { class: `card tier ${tier}`, "aria-labelledby": title },
    element("h2", { id: title }, tier, " ", element("small")),
    element("p", { class: "note" }),
    element("ul", { class: "nodes", "aria-label": `Nodes of ${tier}` }),
    element("div", { class: "charts" }),
  );
}

function showTier(card, tier, { at, startedAt, own }) {
  const [title, note, nodes, graphs] = card.children;
  const alive = tier.nodes.filter(({ lifecycle }) => lifecycle !== "Terminated");
  setText(title.lastElementChild, summaryOf(tier, alive));
  setText(
    note,
    [
      tier.group,
      tier.url.replace("http://", ""),
      `${tier.min} to ${plural(tier.max, "node")} here${tier.max < tier.declaredMax ? ` (declared: ${tier.declaredMax})` : ""}`,
      "simulated GPUs",
    ].join(" · "),
  );
  const free = Array.from({ length: Math.max(0, tier.max - alive.length) }, (_, index) => ({ free: index }));
  follow(nodes, [...alive, ...free], {
    key: (slot) => slot.id ?? `free ${slot.free}`,
    make: (slot) => (slot.id === undefined ? element("li", { class: "free", "aria-hidden": "true" }) : makeNode(slot)),
    update: (child, slot) => {
      if (slot.id !== undefined) showNode(child.firstElementChild, slot, at);
    },
  });
  const changes = own.filter(({ from, to }) => from !== to);
  const marks = changes.map((change) => ({ at: change.at, up: change.to > change.from }));
  const capacity = { name: "capacity", tier, points: capacityOf(changes, tier.desired, startedAt) };
  follow(graphs, [capacity, ...tier.policies], {
    key: ({ name }) => name,
    make: () => {
      const chart = createChart();
      charts.set(chart.node, chart);
      return chart.node;
    },
    update: (figure, shown) =>
      charts.get(figure).draw(shown.tier ? capacityChart(shown, at) : policyChart(shown, tier.tier, marks, at)),
  });
}

function summaryOf({ desired }, alive) {
  const counts = { serving: 0, coming: 0, leaving: 0 };
  for (const { lifecycle } of alive) counts[lookOf(lifecycle)] += 1;
  return [
    `${counts.serving} in service`,
    counts.coming && `${counts.coming} starting`,
    counts.leaving && `${counts.leaving} draining`,
    `${desired} desired`,
  ]
    .filter(Boolean)
    .join(", ");
}

function makeNode({ id }) {
  const button = element("button", { type: "button" }, element("b"), element("span"), element("span"), element("span"));
  button.addEventListener("click", () => openLog(id));
  return element("li", {}, button);
}

function showNode(button, { id, lifecycle, running, queued, memoryMiB, launchedAt }, at) {
  const [name, phase, work, about] = button.children;
  setAttributes(button, { class: `node ${lookOf(lifecycle)}`, title: `Show the output of ${id}` });
  setText(name, id);
  setText(phase, lifecycle);
  setText(work, `${running} running, ${queued} queued`);
  setText(about, [duration(at - launchedAt), mebibytes(memoryMiB)].filter(Boolean).join(", "));
}

/** Desired capacity over time, from the decisions that changed it. */
function capacityOf(changes, desired, startedAt) {
  const first = { at: startedAt, value: changes[0]?.from ?? desired };
  return [first, ...changes.map(({ at, to }) => ({ at, value: to }))];
}

function capacityChart({ tier, points }, end) {
  return {
    title: "Desired capacity",
    about: "nodes that the group wants",
    limit: true,
    unit: "Count",
    points,
    marks: [],
    target: tier.max,
    targetName: `at most ${tier.max} here`,
    steps: true,
    end,
  };
}

function policyChart({ name, kind, metric, unit, target, alarm, points }, tier, marks, end) {
  const tracked = kind === "target-tracking";
  return {
    title: metric,
    about: `${name.split(`${tier}-`).at(-1)}: ${tracked ? "target tracking" : "step scaling"}`,
    unit,
    points,
    marks,
    target,
    targetName: `${tracked ? "target" : "alarm above"} ${measure(target, unit)}`,
    state: alarms[alarm],
    end,
  };
}
