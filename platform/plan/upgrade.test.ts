import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { destructions } from "../review/risk";
import type { Plan } from "./model";
import { planAgainst } from "./plan-stack";

// A rehearsal of the upgrade of dev: the head's plan over the state of the last release. `fixtures/upgrade/dev.json` is that state, as
// Pulumi's CLI exported it, with what holds something and what that stands on.

const root = join(__dirname, "..", "..");
const state = join(__dirname, "fixtures", "upgrade", "dev.json");

/** The names of docs/deploy.md, "What an upgrade deletes": each with what happens to its data. */
function migrated(): string[] {
  const page = readFileSync(join(root, "docs", "deploy.md"), "utf8");
  const section = page.split("## What an upgrade deletes")[1]!.split("\n## ")[0]!;
  const rows = section.split("\n").filter((line) => line.startsWith("| `"));
  return rows.flatMap((row) => [...row.split("|")[1]!.matchAll(/`([^`]+)`/g)].map(([, name]) => name!));
}

describe("an upgrade of dev from the last release", function () {
  this.timeout(300_000);
  let plan: Plan;
  before(async () => {
    plan = await planAgainst(state, { projectDir: root, stack: "dev", timeoutMs: 250_000 });
  });

  it("loses no store but those that docs/deploy.md names with their migration", () => {
    const names = migrated();
    assert.ok(names.length > 0);
    const lost = destructions(plan).flatMap(({ step, how, loses }) =>
      loses === undefined ? [] : [{ name: step.old!.urn.split("::").at(-1)!, how, loses }],
    );
    assert.deepEqual(
      lost.filter(({ name }) => !names.includes(name)),
      [],
    );
  });

  it("is compared with a state that holds the stores: database, cache, buckets, secrets, queues", () => {
    const olds = plan.steps.flatMap(({ old }) => (old === undefined ? [] : [old.type]));
    for (const type of [
      "rds/instance:Instance",
      "elasticache/replicationGroup:ReplicationGroup",
      "s3/bucket:Bucket",
      "secretsmanager/secret:Secret",
      "sqs/queue:Queue",
    ]) {
      assert.ok(olds.includes(`aws:${type}`), type);
    }
  });
});
