import assert from "node:assert/strict";
import { adapterDemand, adapterNamesOf, layRegistry, parseRegistry, productRegistry } from "./archetypes";
import { type OwnArchetypes, ownRegistry } from "./own-archetypes";

const dragon = {
  adapters: { tasks: ["dialogue_style", "bark"], rank: 16 },
  persona: { summary: "A dragon.", emotion: { label: "calm", intensity: 0.3, secondary: null }, barks: [] },
};
const registry = (value: unknown) => parseRegistry(JSON.stringify(value), "dragons.json");

describe("archetypes as data", () => {
  it("are the product's five with their 35 adapters where nobody says otherwise", () => {
    assert.deepEqual([...productRegistry.archetypes.keys()], ["vampire", "werewolf", "zombie", "ghoul", "lich"]);
    assert.deepEqual(adapterDemand(productRegistry), { count: 35, rank: 32 });
    assert.equal(new Set(adapterNamesOf(productRegistry)).size, 35);
  });

  it("have a named default for every section that their manifest leaves out", () => {
    const { archetypes } = layRegistry(registry({ schema: 1, archetypes: [{ name: "dragon", persona: "stranger" }] }));
    const { adapters, persona, named } = archetypes.get("dragon")!;
    assert.deepEqual(named, { adapters: "base", persona: "stranger", voice: "neutral", face: "plain" });
    assert.deepEqual(adapters.tasks, []);
    assert.ok(persona.barks.length > 0);
    assert.equal(productRegistry.archetypes.has("dragon"), false);
  });

  it("are laid over the product's, which may be left out or replaced", () => {
    const laid = layRegistry(
      registry({ schema: 1, without: ["ghoul"], archetypes: [{ name: "dragon", ...dragon }, { name: "lich" }] }),
    );
    assert.deepEqual([...laid.archetypes.keys()], ["vampire", "werewolf", "zombie", "lich", "dragon"]);
    assert.equal(laid.archetypes.get("lich")!.named.persona, "stranger");
    assert.deepEqual(adapterDemand(laid), { count: 3 * 7 + 2, rank: 32 });
  });

  const chain = {
    name: "greet",
    fallback: "...",
    steps: [{ task: "bark", instruction: "Greet.", maxTokens: 8, onFailure: "base" }],
  };
  for (const [what, value, message] of [
    [
      "a name that is a path",
      { archetypes: [{ name: "../x" }] },
      /^registry\.archetypes\.0\.name: "\.\.\/x" is not allowed; allowed: lower-case/,
    ],
    [
      "a name that paths need",
      { archetypes: [{ name: "base" }] },
      /archetypes\.0\.name: "base".*another name than base and chain/,
    ],
    [
      "a rank that no engine holds",
      { archetypes: [{ name: "d", adapters: { tasks: ["bark"], rank: 900 } }] },
      /archetypes\.0\.adapters\.rank: 900/,
    ],
    [
      "a section that does not exist",
      { archetypes: [{ name: "d", wings: {} }] },
      /archetypes\.0\.wings: .*no property of that name/,
    ],
    [
      "a default that does not exist",
      { archetypes: [{ name: "d", voice: "loud" }] },
      /archetypes\.0\.voice: "loud".*neutral, or the section's own settings/,
    ],
    [
      "a name twice",
      { archetypes: [{ name: "d" }, { name: "d" }] },
      /archetypes\.1\.name: "d".*a name that is not taken/,
    ],
    [
      "an emotion out of range",
      { archetypes: [{ name: "d", persona: { summary: "x", emotion: { label: "joy", intensity: 3 } } }] },
      /persona\.emotion\.intensity: 3/,
    ],
    [
      "a chain whose last step is data",
      { chains: [{ ...chain, steps: [{ ...chain.steps[0], gives: "action" }] }] },
      /chains\.0\.steps\.0\.gives: "action".*the last step is the answer/,
    ],
  ] as const) {
    it(`are refused with ${what}, in one line that names it`, () =>
      assert.throws(
        () => registry({ schema: 1, ...value }),
        (error: Error) => message.test(error.message) && !error.message.includes("\n"),
      ));
  }

  it("are refused where the file is no JSON", () =>
    assert.throws(
      () => parseRegistry("{", "dragons.json"),
      /^InputError: registry: .*a JSON object \(set in dragons\.json\)$/,
    ));
});

describe("archetypes of a stack's config", () => {
  const own = (config: OwnArchetypes) => ownRegistry(config, "dev");

  it("are nothing where the config has none", () => assert.equal(own({}), undefined));

  it("add and leave out", () => {
    const laid = layRegistry(own({ archetypes: { ghoul: false, dragon } })!);
    assert.deepEqual(adapterDemand(laid), { count: 28 + 2, rank: 32 });
  });

  it("are refused where they leave out what is not there, or are more than user data holds", () => {
    assert.throws(
      () => own({ archetypes: { gohul: false } }),
      /^InputError: archetypes\.gohul: false is not allowed; .*vampire, .*Pulumi\.dev\.yaml/,
    );
    const many = Object.fromEntries(
      Array.from({ length: 20 }, (_, index) => [
        `d${index}`,
        { persona: { ...dragon.persona, summary: "x".repeat(500) } },
      ]),
    );
    assert.throws(
      () => own({ archetypes: many }),
      /bytes of JSON.*6000 at most; longer personas go into manifest\.json/,
    );
  });
});
