import assert from "node:assert/strict";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { place, StateFiles } from "./prompt-cache";

const run = (from: number, length: number) => Array.from({ length }, (_, index) => from + index);
const held = (tokens: number[], usedAt: number) => ({ tokens, usedAt });

/** What all characters of an archetype have in common, and two of them. */
const system = run(0, 60);
const ada = [...system, ...run(1_000, 200)];
const bob = [...system, ...run(2_000, 200)];

describe("where a prompt is computed", () => {
  it("is the sequence that holds the conversation so far", () => {
    const next = [...ada, ...run(5_000, 20)];
    assert.deepEqual(place(next, [held([], 0), held(bob, 2), held(ada, 1)], []), { take: 2, save: false });
    // The last step's instruction and answer, which the next turn does not repeat, change nothing of that.
    assert.deepEqual(place(next, [held([...ada, ...run(9_000, 100)], 1)], []), { take: 0, save: false });
  });

  it("is an empty one for another character, with what its archetype's prompts have in common", () => {
    assert.deepEqual(place(bob, [held([], 0), held(ada, 1)], []), {
      take: 0,
      save: false,
      bring: { from: "sequence", index: 1 },
    });
    assert.deepEqual(place(bob, [held([], 0)], [held(run(7_000, 90), 1), held(ada, 1)]), {
      take: 0,
      save: false,
      bring: { from: "file", index: 1 },
    });
  });

  it("is the one longest unused where none is empty, whose conversation is kept in a file", () => {
    const other = run(8_000, 300);
    assert.deepEqual(place(other, [held(bob, 2), held(ada, 1)], []), { take: 1, save: true });
    assert.deepEqual(place(ada, [held(other, 1)], [held(ada.slice(0, 250), 1)]), {
      take: 0,
      save: true,
      bring: { from: "file", index: 0 },
    });
  });

  it("brings nothing that costs more than computing it, and is nowhere while all are busy", () => {
    assert.deepEqual(place([...run(0, 10), ...run(4_000, 50)], [held([], 0)], [held(ada, 1)]), {
      take: 0,
      save: false,
    });
    assert.equal(place(ada, [], [held(ada, 1)]), undefined);
  });
});

describe("states of sequences in files", () => {
  const sequence = (tokens: number[], bytes = 1_000) => {
    const state = {
      contextTokens: tokens,
      path: "",
      loaded: "",
      async saveStateToFile(path: string) {
        state.path = path;
        writeFileSync(path, "x".repeat(bytes));
        return { fileSize: bytes };
      },
      async loadStateFromFile(path: string) {
        state.loaded = readFileSync(path, "utf8").slice(0, 1);
      },
    };
    return state;
  };

  it("come back, stay within their bytes by dropping the longest unused, and leave nothing behind", async () => {
    const files = new StateFiles(2_500);
    const [one, two, three] = [sequence(run(1, 70)), sequence(run(2, 70)), sequence(run(3, 70))];
    const first = await files.save(one, 1);
    await files.save(two, 2);
    await files.bring(first, one, 3);
    assert.equal(one.loaded, "x");
    await files.save(three, 4);
    assert.deepEqual(
      files.held.map(({ tokens }) => tokens[0]),
      [1, 3],
    );
    assert.equal(existsSync(two.path), false);
    assert.equal(await files.save(sequence(run(3, 70)), 5), 1, "the same state is not written twice");
    await files.close();
    assert.equal(existsSync(dirname(one.path)), false);
  });
});
