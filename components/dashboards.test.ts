import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { allAlarms } from "../contracts/alarms/all";
import { watchedEverything } from "../contracts/alarms/testing/watched";
import { dashboards } from "../contracts/dashboards/all";
import type { DashboardDefinition, Widget } from "../contracts/dashboards/definition";
import { dashboardBody } from "./dashboards";

interface Placed {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

const declared = allAlarms(watchedEverything);
const all = dashboards({
  ...watchedEverything,
  declared,
  targets: { gold: { gpuUtilization: 70, memoryPressure: 75, queueDepth: 4, requestsPerNode: 300 } },
  budgetUsd: 5000,
});
const body = (dashboard: DashboardDefinition<string>) =>
  dashboardBody(dashboard, { region: "us-east-1", alarmArn: (id) => `arn:${id}` }) as unknown as { widgets: Placed[] };

describe("dashboards", () => {
  for (const dashboard of all) {
    it(`of ${dashboard.id} have the golden body`, () => {
      const golden = JSON.parse(readFileSync(join(__dirname, "golden", `dashboard-${dashboard.id}.json`), "utf8"));
      assert.deepEqual(body(dashboard), golden);
    });

    it(`of ${dashboard.id} have widgets that fill the width and do not overlap`, () => {
      const { widgets } = body(dashboard);
      const taken = new Set<string>();
      for (const { x, y, width, height } of widgets) {
        assert.ok(x >= 0 && width > 0 && x + width <= 24, JSON.stringify({ x, width }));
        for (let row = y; row < y + height; row++) {
          for (let column = x; column < x + width; column++) {
            const cell = `${column},${row}`;
            assert.ok(!taken.has(cell), `two widgets at ${cell}`);
            taken.add(cell);
          }
        }
      }
      for (const { y } of widgets) assert.ok(taken.has(`23,${y}`), `the row at ${y} ends before the edge`);
    });
  }

  it("refuse more metrics in a widget than CloudWatch draws", () => {
    const line = { id: "m", namespace: "n", metricName: "m", dimensions: {}, stat: "Sum" };
    const crowded: Widget<string> = { kind: "chart", title: "crowded", lines: Array.from({ length: 501 }, () => line) };
    const one = { id: "d", title: "D", about: "a", rows: [[crowded]] };
    assert.throws(() => body(one), /crowded: 501 is not allowed; allowed: at most 500 metrics in a widget/);
    assert.doesNotThrow(() => body({ ...one, rows: [[{ ...crowded, lines: crowded.lines.slice(1) }]] }));
  });
});
