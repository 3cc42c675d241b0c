import assert from "node:assert/strict";
import { resolve } from "node:path";
import { terraformTypes } from "../../../policies/catalogue/terraform-types";
import type { Finding } from "../../../policies/evaluate";
import { evaluate } from "../../engine";
import type { StackState } from "../../plan/model";
import { stateOfEvaluation } from "../../plan/states";
import { policyFindings } from "../rules";
import { encryption, publicAccess, retention } from "./data";
import { exposure } from "./exposure";
import type { Change, Mutation } from "./graph";
import { harmless } from "./harmless";
import { iam } from "./iam";
import { network } from "./network";

const projectDir = resolve(__dirname, "..", "..", "..");
const today = "2026-12-01";

/** Kinds of bad changes, and how many of each there must be. */
const kinds: Readonly<Record<string, { readonly mutations: readonly Mutation[]; readonly atLeast: number }>> = {
  exposure: { mutations: exposure, atLeast: 15 },
  IAM: { mutations: iam, atLeast: 15 },
  encryption: { mutations: encryption, atLeast: 12 },
  "public access": { mutations: publicAccess, atLeast: 6 },
  "retention and deletion": { mutations: retention, atLeast: 6 },
  "listeners, network and records": { mutations: network, atLeast: 6 },
};

/** Prod and shared are evaluated once; each change is applied to the graph in memory. */
describe("rules over prod", function () {
  this.timeout(600_000);
  let prod: StackState;
  let known: ReadonlySet<string>;
  const key = ({ rule, urn, status }: Finding): string => `${rule} ${urn} ${status}`;
  const evaluated = async (stack: string, config: Record<string, string> = {}): Promise<StackState> =>
    stateOfEvaluation(await evaluate({ projectDir, stack, config, timeoutMs: 300_000, outputs: "stand-in" }));
  const broken = (state: StackState): Finding[] =>
    policyFindings(state, today).filter(({ status }) => status === "violated");
  const foundAfter = (change: Change): Finding[] =>
    broken({ ...prod, resources: change(prod.resources) }).filter((finding) => !known.has(key(finding)));

  before(async () => {
    prod = await evaluated("prod");
    known = new Set(broken(prod).map(key));
  });

  it("hold for prod, or are excepted with a reason", () => {
    assert.deepEqual([...known], []);
  });

  it("hold for what the environments share, whose types Checkov's table knows as well", async () => {
    // Pipelines have roles where the config names a repository.
    const ci = JSON.stringify({ repository: "studio/game", stateBucket: "state-bucket" });
    const shared = await evaluated("shared", { "game-ai-platform:ci": ci });
    assert.deepEqual(broken(shared).map(key), []);
    const all = [...prod.resources, ...shared.resources].filter(
      ({ custom, type }) => custom && type.startsWith("aws:"),
    );
    const missing = new Set(all.map(({ type }) => type).filter((type) => !(type in terraformTypes)));
    assert.deepEqual([...missing], [], "policies/catalogue/terraform-types.ts");
  });

  it("look at enough changes of each kind, each named once", () => {
    const all = Object.values(kinds).flatMap(({ mutations }) => mutations.map(({ name }) => name));
    assert.ok(all.length >= 60, `${all.length} bad changes`);
    for (const [kind, { mutations, atLeast }] of Object.entries(kinds)) {
      assert.ok(mutations.length >= atLeast, `${kind}: ${mutations.length}`);
    }
    const names = [...all, ...harmless.map(({ name }) => name)];
    assert.equal(new Set(names).size, names.length);
    assert.ok(harmless.length >= 20, `${harmless.length} harmless changes`);
  });

  for (const [kind, { mutations }] of Object.entries(kinds)) {
    describe(`find a change of ${kind}:`, () => {
      for (const { name, finds, change } of mutations) {
        it(`${name} (${finds})`, () => {
          const found = foundAfter(change).map(({ rule }) => rule);
          assert.ok(found.includes(finds), `found ${[...new Set(found)].join(", ") || "nothing"}`);
        });
      }
    });
  }

  describe("say nothing where", () => {
    for (const { name, change } of harmless) {
      it(name, () => {
        assert.deepEqual(
          foundAfter(change).map(({ rule, urn, message }) => `${rule} ${urn.split("::").at(-1)}: ${message}`),
          [],
        );
      });
    }
  });
});
