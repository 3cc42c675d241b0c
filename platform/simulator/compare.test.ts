import assert from "node:assert/strict";
import { type Comparison, comparePolicies, ranked, recommend, sensitivity } from "./compare";
import { generateDemand } from "./demand/generators";
import { goldGroup, silverGroup, track } from "./fixtures";
import { describeComparison, describeRecommendation } from "./text";

const declared = [track("gpuUtilization", 70, 10), track("memoryPressure", 75, 10), track("queueDepth", 4, 10)];
const plan = {
  stack: "test",
  groups: [goldGroup({ targetTracking: declared, desired: 8 }), silverGroup({ targetTracking: declared, desired: 8 })],
  warnings: [],
};
const options = { plan, demand: generateDemand("daily", { players: 3000, days: 0.5 }) };

describe("comparison of policies", () => {
  const row = (name: string, monthly: number, sloAttainment: number, meetsSlo: boolean): Comparison => ({
    name,
    about: "",
    monthly,
    sloAttainment,
    gaveUpShare: 0,
    decisions: 0,
    meetsSlo,
  });

  it("ranks by cost what keeps the SLO, and behind it by SLO what does not", () => {
    const rows = [
      row("bad", 1, 0.5, false),
      row("dear", 30, 1, true),
      row("cheap", 20, 0.995, true),
      row("near", 5, 0.98, false),
    ];
    assert.deepEqual(
      ranked(rows).map(({ name }) => name),
      ["cheap", "dear", "near", "bad"],
    );
  });

  it("puts demand over nodes before utilisation, and the framebuffer policy at the price of the whole fleet", () => {
    const rows = comparePolicies(options, 0.99);
    const place = (name: string) => rows.findIndex((candidate) => candidate.name.startsWith(name));
    assert.ok(place("demand") === 0, rows.map(({ name }) => name).join());
    const cost = (name: string) => rows[place(name)]!.monthly;
    assert.ok(cost("framebuffer 75") > 55_000);
    assert.ok(cost("declared") > 1.5 * cost("demand"));
    assert.match(describeComparison("Policies", rows, 0.99), /Policies\n\n +a month +within the SLO/);
  });

  it("turns one assumption at a time and shows the run as it is first", () => {
    const rows = sensitivity(options, 0.99);
    assert.equal(rows[0]?.name, "as assumed");
    assert.ok(rows.length > 8);
    assert.ok(rows.slice(1).some(({ decisions }) => decisions !== rows[0]!.decisions));
  });
});

describe("recommendation", () => {
  it("finds a cheaper setting that keeps the SLO and prints the config with what it changes", () => {
    const found = recommend({ ...options, demand: generateDemand("daily", { players: 3000, days: 0.2 }) }, 0.99);
    assert.ok(found.found.meetsSlo);
    assert.ok(found.found.monthly < found.declared.monthly);
    assert.match(
      found.config,
      /^config:\n {2}game-ai-platform:gpu:\n {4}gold:\n {6}min: \d+\n {6}max: 50\n {6}demand:\n {8}target: \d+\n {8}spread: [\d.]+\n {6}gpuUtilization:\n {8}enabled: false\n {6}queueDepth:\n {8}enabled: false\n/,
    );
    assert.match(describeRecommendation(found, 0.99), /saves \$[\d,]+ a month against what is declared/);
  });
});
