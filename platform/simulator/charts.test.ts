import assert from "node:assert/strict";
import { columnsOf, niceCeiling, timeChart } from "./charts";
import { generateDemand } from "./demand/generators";
import { goldGroup, track } from "./fixtures";
import { reportPage } from "./page";
import { simulate } from "./simulate";

describe("charts", () => {
  it("loses no peak when many values fall on one pixel", () => {
    const values = new Float32Array(100_000);
    values[54_321] = 7;
    assert.equal(Math.max(...columnsOf(values, 880).map(({ high }) => high)), 7);
    assert.equal(columnsOf([1, 2, 3], 880).length, 3);
    assert.deepEqual(columnsOf([], 880), []);
  });

  it("ends the axis at a round number above all values", () => {
    assert.deepEqual([0, 0.3, 7, 50, 51, 220].map(niceCeiling), [1, 0.5, 10, 50, 100, 250]);
  });

  it("writes a picture that needs nothing else and escapes what it is given", () => {
    const svg = timeChart({
      title: `a < b & "c"`,
      unit: "x",
      durationSeconds: 60,
      series: [{ name: "<script>", values: [1, Number.NaN, 2], color: "red" }],
    });
    assert.match(svg, /^<svg xmlns="http:\/\/www\.w3\.org\/2000\/svg" viewBox/);
    assert.ok(!svg.includes("<script>") && !svg.includes("NaN") && !/href|@import|url\(/.test(svg));
    assert.match(svg, /a &lt; b &amp; &quot;c&quot;/);
  });
});

describe("simulation page", () => {
  it("stands alone, with charts, figures and decisions", () => {
    const plan = { stack: "a<b", groups: [goldGroup({ targetTracking: [track("gpuUtilization", 70)] })], warnings: [] };
    const page = reportPage(simulate({ plan, demand: generateDemand("ramp", { days: 0.2 }) }));
    assert.equal(page.match(/<svg /g)?.length, 5);
    assert.ok(!/<script|<link|src=|href=/.test(page));
    assert.match(page, /Simulation of a&lt;b/);
    assert.match(page, /scale-out {2}\d+ -&gt; \d+/);
  });
});
