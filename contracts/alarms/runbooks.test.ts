import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { everyAwsMetric } from "../aws-metrics";
import { everyMetric } from "../metrics";
import { notices } from "../notices";
import { allAlarms } from "./all";
import { watchedEverything } from "./testing/watched";

const folder = join(__dirname, "..", "..", "docs", "operate");
const pages = readdirSync(folder)
  .filter((name) => name.endsWith(".md") && name !== "README.md")
  .map((name) => name.replace(/\.md$/, ""));
const text = (page: string): string => readFileSync(join(folder, `${page}.md`), "utf8");

describe("runbooks", () => {
  const { alarms, composites } = allAlarms(watchedEverything);
  const told = notices({
    clusterArn: "arn",
    servicesOfCluster: "arn",
    spot: true,
    databaseArn: "arn",
    images: true,
  });
  const wanted = new Set([...alarms, ...composites, ...told].map(({ runbook }) => runbook));

  it("exist for every alarm and notice, and for nothing else", () => {
    assert.deepEqual([...wanted].sort(), [...pages].sort());
  });

  for (const page of pages) {
    describe(page, () => {
      it("says what it means, how to confirm, what to do and how to prevent", () => {
        const headings = [...text(page).matchAll(/^## (.*)$/gm)].map(([, heading]) => heading);
        assert.deepEqual(headings, ["What it means", "Confirm", "Act", "Prevent"]);
      });

      it("names metrics that are published, and pages that exist", () => {
        const published = new Set([...everyMetric, ...everyAwsMetric].map((one) => `${one.namespace} ${one.name}`));
        for (const [, named] of text(page).matchAll(/`((?:AWS|AI-Gaming|ECS)\/\w+ \w+)`/g)) {
          assert.ok(published.has(named!), named);
        }
        for (const [, link] of text(page).matchAll(/\]\(([^)]+)\.md\)/g)) {
          assert.ok(existsSync(join(folder, `${link}.md`)), link);
        }
      });
    });
  }
});
