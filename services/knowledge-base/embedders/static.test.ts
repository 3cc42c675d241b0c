import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { foundByMeaning } from "../testing/lore";
import { testMemory } from "../testing/memory";
import { embedderChoice } from "./choice";
import { staticEmbedder } from "./static";
import { basicWords, WordPieces } from "./wordpiece";

const cosine = (a: Float32Array, b: Float32Array) => a.reduce((sum, value, at) => sum + value * (b[at] as number), 0);
const embed = async (...texts: string[]) => (await staticEmbedder().embed(texts, "passage")) as Float32Array[];

describe("word pieces", () => {
  it("are words without case and accents, each sign and each Chinese character alone", () => {
    assert.deepEqual(basicWords("Éowyn's  HORSE-cart, 北門!"), [
      "eowyn",
      "'",
      "s",
      "horse",
      "-",
      "cart",
      ",",
      "北",
      "門",
      "!",
    ]);
  });
  it("are the longest that the vocabulary has, from the left", () => {
    const pieces = new WordPieces(["lance", "lancer", "##s", "##er"]);
    assert.deepEqual(pieces.split("lancers"), [1, 2]);
    assert.equal(pieces.split("lancet"), undefined);
    assert.equal(pieces.split("a".repeat(200)), undefined);
  });
});

describe("the static embedder", () => {
  it("brings texts together that mean the same and share no word", async () => {
    const [king, monarch, bread] = await embed(
      "The king was murdered.",
      "Somebody killed the monarch.",
      "Bakers need yeast.",
    );
    assert.ok(cosine(king as Float32Array, monarch as Float32Array) > 0.4);
    assert.ok(cosine(king as Float32Array, bread as Float32Array) < 0.2);
  });
  it("brings a misspelt name near the right one", async () => {
    const [name, misspelt, other] = await embed("Orsolya", "Orsolia", "Kestrel");
    const near = cosine(name as Float32Array, misspelt as Float32Array);
    assert.ok(near > 0.4 && near > 0.2 + cosine(name as Float32Array, other as Float32Array));
  });
  it("gives a unit vector to every text with a letter, in any script", async () => {
    await fc.assert(
      fc.asyncProperty(fc.string({ unit: "grapheme", minLength: 1, maxLength: 30 }), async (text) => {
        const [vector] = await embed(`a${text}`);
        assert.ok(Math.abs(cosine(vector as Float32Array, vector as Float32Array) - 1) < 1e-3);
      }),
      { numRuns: 50 },
    );
    const [korean, again, other] = await embed("기사가 북문을", "기사가 북문을", "용이 잠든다");
    assert.ok(cosine(korean as Float32Array, again as Float32Array) > 0.999);
    assert.ok(cosine(korean as Float32Array, other as Float32Array) < 0.9);
  });
  it("finds by meaning some of what shares no word with the question", async () => {
    const memory = await testMemory();
    try {
      // Measured: 18 of 40. Words alone find none.
      const found = await foundByMeaning(memory.indexer, async () => undefined);
      assert.ok(found >= 12, `${found} of 40 among the first five`);
    } finally {
      await memory.dispose();
    }
  });
});

describe("the choice of an embedder", () => {
  let folder: string;
  before(() => {
    folder = mkdtempSync(join(tmpdir(), "kb-models-"));
  });
  after(() => rmSync(folder, { recursive: true, force: true }));

  it("is static without weights, and sentence with them, unless it is named", async () => {
    const bare = { KB_MODELS_DIR: folder };
    assert.equal((await embedderChoice(bare)).embedder.name, "static");
    const asked = await embedderChoice({ ...bare, KB_EMBEDDER: "sentence" });
    assert.equal(asked.embedder.name, "static", "until its weights are here");
    assert.ok(asked.fetch);
    const file = join(folder, "given.gguf");
    writeFileSync(file, "weights");
    const given = { ...bare, KB_EMBEDDER_FILE: file };
    const found = await embedderChoice(given);
    assert.deepEqual([found.embedder.name, found.begins?.name, found.fetch], ["sentence", "static", undefined]);
    const named = await embedderChoice({ ...given, KB_EMBEDDER: "static" });
    assert.deepEqual([named.embedder.name, named.others?.map(({ name }) => name)], ["static", ["sentence"]]);
  });

  it("says of a wrong one what is allowed", async () => {
    for (const [environment, expected] of [
      [
        { KB_EMBEDDER: "statistical" },
        /^KB_EMBEDDER: "statistical" is not allowed; allowed: static, sentence, bedrock, openai.*gone/,
      ],
      [{ KB_EMBEDDER: "openai" }, /^KB_EMBEDDER_URL/],
      [{ KB_EMBEDDER: "bedrock" }, /^AWS_REGION/],
      [{ KB_EMBEDDER_FILE: join(folder, "none") }, /^KB_EMBEDDER_FILE/],
      [
        { KB_EMBEDDER: "openai", KB_EMBEDDER_URL: "http://x", KB_EMBEDDER_MODEL: "m", KB_EMBEDDER_DIMENSIONS: "3000" },
        /^KB_EMBEDDER_DIMENSIONS: "3000" is not allowed; allowed: a whole number from 1 to 2000/,
      ],
    ] as const) {
      await assert.rejects(embedderChoice({ KB_MODELS_DIR: folder, ...environment }), (error: Error) => {
        assert.match(error.message, expected);
        return true;
      });
    }
  });
});
