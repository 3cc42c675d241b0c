import assert from "node:assert/strict";
import { tierDefaults } from "../../../catalog/gpu-tiers";
import { servingModel } from "../../../catalog/serving-model";
import { productRegistry } from "../../../contracts/archetypes";
import { fillInstruction, needsOf } from "../../../contracts/chains";
import type { RequestError } from "../../../runtime/openai/errors";
import { parseChains } from "../archetypes";
import { Conversations, conversationWindow } from "./conversations";
import { parametersFor, refuseForeign } from "./parameters";
import { allowedOf, authoredAction, authoredEmotion, readAction, readEmotion } from "./parts";
import { firstPartMs, stepLimitMs } from "./plan";

const step = (task: string, more = {}) => ({
  task,
  instruction: "Go.",
  maxTokens: 8,
  deadlineMs: 100,
  onFailure: "base",
  ...more,
});
const chain = (steps: readonly unknown[], more = {}) => ({
  chains: [{ name: "turn", steps, fallback: "...", ...more }],
});

describe("chain registry", () => {
  it("has the chains that ship, whose steps wait for those that they name and for no other", () => {
    assert.deepEqual([...productRegistry.chains.keys()], ["npc_turn", "goal_check"]);
    const needs = productRegistry.chains.get("npc_turn")!.steps.map((each) => [each.gives, needsOf(each)]);
    assert.deepEqual(needs, [
      ["emotion", []],
      ["action", []],
      ["text", ["emotional_response", "action_policy"]],
    ]);
  });

  it("refuses what could not run, naming the property and the file", () => {
    const cases: readonly [unknown, RegExp][] = [
      [chain([]), /chains\.0\.steps: \[\]/],
      [chain([step("Dancing")]), /chains\.0\.steps\.0\.task: "Dancing"/],
      [chain([step("chain")]), /steps\.0\.task: "chain".*another name than base and chain/],
      [chain([step("personality", { maxTokens: undefined })]), /steps\.0\.maxTokens: nothing.*a number of tokens/],
      [chain([step("mood", { gives: "emotion" })]), /steps\.0\.gives: "emotion".*the last step is the answer/],
      [
        chain([step("a", { gives: "action" }), step("b", { gives: "action" }), step("c")]),
        /steps\.1\.gives: "action".*one step that gives action/,
      ],
      [chain([step("personality"), step("personality")]), /each task once/],
      [chain([step("personality", { instruction: "{dialogue_style}" })]), /not \{dialogue_style\}/],
      [chain([step("personality", { onFailure: "skip" })]), /the last step is the answer/],
      [chain([step("personality", { deadlineMs: 0 })]), /deadlineMs: 0/],
      [chain([step("personality")], { windowTurns: 99 }), /windowTurns: 99/],
      [
        { chains: [...chain([step("personality")]).chains, ...chain([step("personality")]).chains] },
        /a name that is not taken/,
      ],
      [[], /registry: \[\] is not allowed/],
      [
        chain([step("personality")], { extra: 1 }),
        /chains\.0\.extra: 1 is not allowed; allowed: no property of that name/,
      ],
    ];
    for (const [value, expected] of cases)
      assert.throws(
        () => parseChains(value, "my.json"),
        (error: Error) => expected.test(error.message) && error.message.includes("my.json"),
      );
  });

  it("fills in what earlier steps said, and nothing for those that were skipped", () => {
    const said = new Map([
      ["archetype", "lich"],
      ["action_policy", "He bows."],
    ]);
    assert.equal(fillInstruction("{archetype}: {action_policy} [{emotional_response}]", said), "lich: He bows. []");
  });
});

describe("parts of a turn", () => {
  const allowed = allowedOf({
    actions: [{ verb: "wait" }, { verb: "bow", targets: ["player", "throne"], manners: ["slowly"] }],
    emotions: ["joy", "anger"],
  });

  it("are read as the grammar writes them, and as far as they are whole where they were cut off", () => {
    const bow = '{"verb":"bow","target":"throne","manner":"slowly"}';
    assert.deepEqual(readAction(bow, allowed), {
      value: { verb: "bow", target: "throne", manner: "slowly" },
      partial: false,
    });
    assert.deepEqual(readAction(bow.slice(0, 25), allowed), {
      value: { verb: "bow", target: "player", manner: "slowly" },
      partial: true,
    });
    assert.deepEqual(readAction('{ "verb": "wait", "target": null', allowed)?.value, {
      verb: "wait",
      target: null,
      manner: null,
    });
    const anger = '{"label":"anger","intensity":0.7,"secondary":"joy"}';
    assert.deepEqual(readEmotion(anger, allowed), {
      value: { label: "anger", intensity: 0.7, secondary: "joy" },
      partial: false,
    });
    // A number may go on: without a mark after it, it is not whole.
    assert.deepEqual(readEmotion(anger.slice(0, 30), allowed), {
      value: { label: "anger", intensity: 0.5, secondary: null },
      partial: true,
    });
  });

  it("are nothing where not even their first word is whole, or none of the allowed", () => {
    for (const text of ["", "{", '{"verb":"bo', "He bows.", '{"verb":"strike"}', '{"target":"player"}'])
      assert.equal(readAction(text, allowed), undefined, text);
    for (const text of ["", '{"label":"ang', '{"label":"envy","intensity":1}', '{"label":"joy","intensity":7}'])
      assert.equal(readEmotion(text, allowed), undefined, text);
  });

  it("are authored from what is allowed", () => {
    assert.deepEqual(authoredAction(allowed), { verb: "wait", target: null, manner: null });
    const own = { label: "calm", intensity: 0.3, secondary: null };
    assert.deepEqual(authoredEmotion(allowed, own), { label: "joy", intensity: 0.3, secondary: null });
    assert.deepEqual(authoredEmotion(allowedOf(), own), own);
  });
});

describe("limits of steps", () => {
  it("leave every step of the product's chains the time that it takes on a full batch of its tier", () => {
    for (const { engine, instanceTypes } of Object.values(tierDefaults)) {
      const model = servingModel(instanceTypes.at(-1)!, { ...engine, adapterCount: 35, adapterRank: 32 })!;
      const pace = {
        tokenMs: model.itlBaseMs,
        tokenMsPerSequence: model.itlPerSequenceMs,
        prefillTokensPerSecond: model.prefillTokensPerSecond,
        sequences: engine.maxSequences,
      };
      const allowed = allowedOf();
      for (const step of [...productRegistry.chains.values()].flatMap(({ steps }) => steps)) {
        const tokens = step.maxTokens ?? 30;
        const needs =
          600 / (model.prefillTokensPerSecond / 1000) + tokens * (pace.tokenMs + 32 * pace.tokenMsPerSequence);
        const limit = stepLimitMs(step, allowed, 600, pace);
        assert.ok(limit > needs, `${engine.model} ${step.task}: ${limit} ms for ${needs} ms`);
        assert.ok(limit < 10 * needs, `${engine.model} ${step.task}: ${limit} ms for ${needs} ms`);
      }
    }
  });

  it("are the chain's own where it names some, and long where the engine's speed is not known", () => {
    const [own] = parseChains(chain([step("personality")]), "x").get("turn")!.steps;
    assert.equal(stepLimitMs(own!, allowedOf(), 600, undefined), 100);
    assert.equal(stepLimitMs({ ...own!, deadlineMs: undefined }, allowedOf(), 600, undefined), 60_000);
  });

  it("tell a budget that cannot be kept from one that can", () => {
    const pace = { tokenMs: 7.5, tokenMsPerSequence: 0.2, prefillTokensPerSecond: 5_000, sequences: 64 };
    const first = firstPartMs(productRegistry.chains.get("npc_turn")!, allowedOf(), 300, pace, 0)!;
    assert.ok(first > 50 && first < 500, `${first}`);
    assert.equal(firstPartMs(productRegistry.chains.get("npc_turn")!, allowedOf(), 300, undefined, 0), undefined);
  });
});

describe("parameters of a chain", () => {
  const refused = (body: object) => {
    try {
      refuseForeign({ model: "m", messages: [], ...body }, "m");
    } catch (error) {
      return (error as RequestError).param;
    }
    return undefined;
  };

  it("are refused where no step could follow them, and taken where they ask for nothing", () => {
    for (const body of [
      { tools: [{ type: "function" }] },
      { tool_choice: "required" },
      { logprobs: true },
      { top_logprobs: 2 },
      { logit_bias: { "1": 5 } },
      { response_format: { type: "json_object" } },
      { n: 2 },
      { ignore_eos: true },
      { min_tokens: 5 },
      { something_new: 1 },
    ])
      assert.equal(refused(body), Object.keys(body)[0]);
    const nothing = {
      tools: [],
      tool_choice: "none",
      logprobs: false,
      response_format: { type: "text" },
      n: 1,
      stop: null,
    };
    assert.equal(refused({ ...nothing, temperature: 0, stop: ["x"], max_tokens: 3, user: "u" }), undefined);
  });

  it("reach the step that they concern", () => {
    const body = { temperature: 0.5, seed: 7, stop: ["x"], max_tokens: 3, presence_penalty: 1, user: "u" };
    assert.deepEqual(parametersFor(body, false), { temperature: 0.5, seed: 7 });
    assert.deepEqual(parametersFor(body, true), { temperature: 0.5, seed: 7, stop: ["x"], presence_penalty: 1 });
  });
});

describe("conversation window", () => {
  const turn = (index: number) => [
    { role: "user", content: `q${index}` },
    { role: "assistant", content: `a${index}` },
  ];

  it("keeps system messages, the last turns and the open question", () => {
    const messages = [
      { role: "system", content: "s" },
      ...turn(1),
      ...turn(2),
      ...turn(3),
      { role: "user", content: "q4" },
    ];
    assert.deepEqual(
      conversationWindow(messages, 2).map(({ content }) => content),
      ["s", "q2", "a2", "q3", "a3", "q4"],
    );
    assert.deepEqual(
      conversationWindow(messages, 0).map(({ content }) => content),
      ["s", "q4"],
    );
    assert.equal(conversationWindow(messages, 20).length, messages.length);
  });

  it("is remembered per character, bounded in number, turns and time", () => {
    let now = 0;
    const memory = new Conversations({ conversations: 2, keepMs: 1_000, turns: 3 }, () => now);
    for (let index = 1; index <= 5; index++) memory.record("a", `q${index}`, `a${index}`);
    assert.deepEqual(
      memory.recall("a", 2).map(({ content }) => content),
      ["q4", "a4", "q5", "a5"],
    );
    assert.equal(memory.recall("a", 20).length, 6);
    memory.record("b", "q", "a");
    memory.record("c", "q", "a");
    assert.equal(memory.recall("a", 5).length, 0, "the oldest made room");
    now = 1_001;
    assert.equal(memory.recall("b", 5).length, 0, "it was too long ago");
  });
});
