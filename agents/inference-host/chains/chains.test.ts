import assert from "node:assert/strict";
import { Conversations, conversationWindow } from "./conversations";
import builtIn from "./default-chains.json";
import { fillInstruction, parseChains } from "./registry";

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
  it("takes the chains that ship", () => {
    assert.deepEqual([...parseChains(builtIn, "default").keys()], ["npc_turn", "goal_check"]);
  });

  it("refuses what could not run, naming the property and the file", () => {
    const cases: readonly [unknown, RegExp][] = [
      [chain([]), /chains\.0\.steps: \[\]/],
      [chain([step("dancing")]), /chains\.0\.steps\.0\.task: "dancing"/],
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
    const said = new Map([["action_policy" as const, "He bows."]]);
    assert.equal(
      fillInstruction("{archetype}: {action_policy} [{emotional_response}]", "lich", said),
      "lich: He bows. []",
    );
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
