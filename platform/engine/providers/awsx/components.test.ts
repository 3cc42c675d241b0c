import assert from "node:assert/strict";
import { cases } from "./testing/cases";
import { difference } from "./testing/difference";
import { readGolden } from "./testing/golden";
import { expandAll, refusalOf } from "./testing/graph";

describe("components of awsx are expanded as the provider's own classes do", () => {
  const known = readGolden();

  it("knows the provider's answer for every configuration", () =>
    assert.deepEqual(Object.keys(known).sort(), cases.map(({ name }) => name).sort()));

  it("makes the same resources with the same inputs, dependencies, aliases and outputs", async () => {
    const accepted = cases.filter(({ name }) => known[name]?.refusal === undefined);
    const { expanded } = await expandAll(accepted);
    const different = accepted.flatMap(({ name }) => {
      const found = difference(known[name]!.expanded!, expanded.get(name)!);
      return found === undefined ? [] : [`${name}\n${found}`];
    });
    assert.equal(different.join("\n\n"), "");
  });

  it("refuses what the provider refuses, in one line", async () => {
    for (const one of cases.filter(({ name }) => known[name]?.refusal !== undefined)) {
      assert.match(String(await refusalOf(one)), /^[^\n]+: [^\n]+$/, one.name);
    }
  });
});
