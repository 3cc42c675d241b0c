import assert from "node:assert/strict";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { anythingRemains, reap } from "./reap";
import { ShortStack } from "./testing/short-stack";

// `reap` of many expired stacks among others, in a real backend with the real CLI. The stacks are copies of one state under other names.
//
//   REAP_STACKS   how many expired ones   (default 200)

const many = Number(process.env.REAP_STACKS ?? 200);
const others = ["dev", "prod", "production", "eph-young", "pr-young"];
const [past, future] = ["2020-01-01T00:00:00Z", "2999-01-01T00:00:00Z"];

describe("reap of many stacks with the real CLI", function () {
  this.timeout(0);
  let short: ShortStack;
  before(async () => {
    short = await ShortStack.open();
  });
  after(() => short?.close());

  it(`removes ${many} expired stacks and touches no other`, async () => {
    const { workspace, env } = short;
    await workspace.must("stack", "init", "eph-model");
    await workspace.must("config", "set", "layers", "0", "--stack", "eph-model");
    await workspace.must("up", "--yes", "--skip-preview", "--stack", "eph-model");
    const stacks = join(new URL(env.PULUMI_BACKEND_URL!).pathname, ".pulumi", "stacks", "short");
    const state = readFileSync(join(stacks, "eph-model.json"), "utf8");
    const [model] = [...workspace.ledger.existing().values()];
    const copy = (name: string, expiresAt: string) => {
      const renamed = (text: string) => text.replaceAll("eph-model", name).replaceAll(model!.id, `vpc-of-${name}`);
      writeFileSync(join(stacks, `${name}.json`), renamed(state));
      const tags = { version: 1, tags: { "game-ai-platform:expires-at": expiresAt, "game-ai-platform:owner": "ana" } };
      writeFileSync(join(stacks, `${name}.pulumi-tags`), JSON.stringify(tags));
      const { ExpiresAt: _, ...own } = model!.tags!;
      const entry = JSON.parse(
        renamed(JSON.stringify({ ...model, tags: { ...own, Stack: name, ExpiresAt: expiresAt } })),
      );
      workspace.ledger.append(entry);
    };
    for (let index = 0; index < many; index += 1) copy(`pr-${index}`, past);
    for (const name of others) copy(name, name.endsWith("young") ? future : past);
    const left = ["eph-model", ...others].sort();

    const dry = await reap(await short.context(new Date()), false);
    assert.equal(dry.expired.length, many);
    const report = await reap(await short.context(new Date()), true);
    assert.equal(report.stacks.filter(({ state: became }) => became === "removed").length, many);
    assert.equal(anythingRemains(report), false);
    const names = readdirSync(stacks).flatMap((file) => /^(.*)\.json$/.exec(file)?.[1] ?? []);
    assert.deepEqual(names.sort(), left);
    const stands = [...workspace.ledger.existing().values()].map(({ urn }) => urn.split(":")[2]!);
    assert.deepEqual(stands.sort(), left);
  });
});
