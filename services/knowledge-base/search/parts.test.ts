import assert from "node:assert/strict";
import fc from "fast-check";
import { ndcg, recall, reciprocalRank } from "../evaluation/metrics";
import { escapeLike } from "../items/mentions";
import { terms, words } from "../text/terms";
import { byScore, minMax, reciprocalRankFusion, weightedSum } from "./fusion";
import { highlight } from "./highlight";
import { type QueryTerm, rarestTerms } from "./lexical";
import { rankingSettings } from "./settings";

describe("terms", () => {
  it("are stemmed, without stop words and case", () => {
    assert.deepEqual(terms("The Dragons' hoards, hoarding in DRAGON'S caves"), [
      "dragon",
      "hoard",
      "hoard",
      "dragon",
      "cave",
    ]);
  });
  it("are pairs of characters where a script has no spaces", () => {
    assert.deepEqual(terms("龍の谷"), ["龍の", "龍", "の谷", "谷"]);
  });

  it("hold a name with an apostrophe whole and in its parts, however the apostrophe is written", () => {
    for (const name of ["K'thar", "K’thar", "Kʼthar", "k`thar", "K'THAR'S"])
      assert.deepEqual(terms(name), ["kthar", "thar"]);
    assert.deepEqual(terms("T'Lan and O'Brien"), ["tlan", "lan", "obrien", "brien"]);
    assert.deepEqual(terms("They don't, won't and can't; he'll, it's gold"), ["gold"]);
    assert.deepEqual(terms("thieves' cant"), ["thiev", "cant"]);
  });

  it("tell Will from will, and keep a title of function words", () => {
    const will = (text: string) => terms(text).includes("will");
    for (const text of ["Will", "Will guards the gate", "where does will live", "who is Will?", "Ask Will's brother"])
      assert.ok(will(text), text);
    for (const text of ["who will guard the gate", "The dragon will burn", "It will be dark"])
      assert.ok(!will(text), text);
    assert.deepEqual(terms("It\nA tale of fear"), ["it", "tale", "fear"]);
    assert.deepEqual(terms("we met An near the gate"), ["met", "an", "near", "gate"]);
  });

  it("hold accented words as they are written and without accents", () => {
    assert.deepEqual(terms("Éowyn"), ["éowyn", "eowyn"]);
    assert.deepEqual(terms("eowyn"), ["eowyn"]);
    assert.deepEqual(terms("Mjølnir"), ["mjølnir", "mjolnir"]);
    assert.deepEqual(terms("é"), terms("e\u0301"));
  });

  it("find a Korean noun behind its particle, and within a compound", () => {
    for (const text of ["용이", "기사가", "북문기사단"]) {
      const noun = { 용이: "용", 기사가: "기사", 북문기사단: "기사" }[text] as string;
      assert.ok(
        terms(noun).some((term) => terms(text).includes(term)),
        text,
      );
    }
  });

  it("follow Unicode's word boundaries in spaced scripts", () => {
    const segmenter = new Intl.Segmenter("en", { granularity: "word" });
    const letters = fc.constantFrom(..."abcéøñДяабגדK'’ \n,!-");
    fc.assert(
      fc.property(fc.array(letters, { maxLength: 40 }), (parts) => {
        const text = parts.join("");
        const whole = Array.from(segmenter.segment(text)).filter(({ isWordLike }) => isWordLike);
        assert.equal(words(text).length, whole.length, JSON.stringify(text));
      }),
    );
  });
});

describe("fusion", () => {
  const leg = fc.dictionary(fc.integer({ min: 1, max: 30 }).map(String), fc.double({ min: 0, max: 50, noNaN: true }), {
    minKeys: 1,
  });
  const asMap = (scores: Record<string, number>) =>
    new Map(Object.entries(scores).map(([id, score]) => [Number(id), score]));

  it("scales to 0..1 and keeps the order", () => {
    fc.assert(
      fc.property(leg, (scores) => {
        const scaled = minMax(asMap(scores));
        for (const value of scaled.values()) assert.ok(value >= 0 && value <= 1);
        const order = byScore(asMap(scores));
        for (let at = 1; at < order.length; at += 1) {
          assert.ok(
            (scaled.get((order[at - 1] as [number, number])[0]) ?? 0) >=
              (scaled.get((order[at] as [number, number])[0]) ?? 0),
          );
        }
      }),
    );
  });

  it("with weight 0 for a leg is the other leg", () => {
    const fused = weightedSum([
      {
        scores: new Map([
          [1, 0.2],
          [2, 0.9],
        ]),
        weight: 1,
      },
      { scores: new Map([[1, 1]]), weight: 0 },
    ]);
    assert.deepEqual(
      byScore(fused).map(([id]) => id),
      [2, 1],
    );
  });

  it("by reciprocal ranks puts what both legs like first", () => {
    const fused = reciprocalRankFusion(
      [
        new Map([
          [1, 9],
          [2, 8],
          [3, 7],
        ]),
        new Map([
          [4, 9],
          [2, 8],
          [1, 1],
        ]),
      ],
      60,
    );
    assert.deepEqual(
      byScore(fused).map(([id]) => id),
      [1, 2, 4, 3],
    );
    assert.ok([...fused.values()].every((score) => score <= 1));
  });
});

describe("highlights", () => {
  it("mark the question's words where they stand", () => {
    const text = `${"filler ".repeat(100)}the silver bells of the dragon${" filler".repeat(100)}`;
    const shown = highlight(text, new Set(terms("dragon bell")));
    assert.deepEqual(
      shown.marks.map(([from, to]) => shown.text.slice(from, to)),
      ["bells", "dragon"],
    );
    assert.ok(shown.text.length <= 290);
  });
  it("hold for any text and words", () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 600, unit: "grapheme" }), fc.lorem(), (text, question) => {
        const shown = highlight(`${text} ${question} ${text}`, new Set(terms(question)));
        for (const [from, to] of shown.marks) assert.ok(from >= 0 && to <= shown.text.length && from < to);
      }),
    );
  });
});

describe("LIKE arguments", () => {
  it("mean themselves", () => {
    assert.equal(escapeLike("50%_\\"), "50\\%\\_\\\\");
  });
});

describe("the terms that candidates are brought up by", () => {
  const term = (name: string, passages: number): QueryTerm => ({ term: name, ids: [1], idf: 1, passages, count: 1 });
  const names = (list: readonly QueryTerm[], most?: number) => rarestTerms(list, most).map((one) => one.term);

  it("are the rarest whose postings add up to 3,000; the most common ones are dropped", () => {
    const list = [term("the", 9_000), term("dragon", 400), term("king", 2_500), term("veyra", 3), term("old", 200)];
    assert.deepEqual(names(list), ["veyra", "old", "dragon"]);
    assert.deepEqual(names(list, 3_103), ["veyra", "old", "dragon", "king"]);
    assert.deepEqual(names(list, 20_000), ["veyra", "old", "dragon", "king", "the"]);
  });

  it("are at least two, however common", () => {
    assert.deepEqual(names([term("the", 9_000), term("king", 8_000), term("old", 8_500)]), ["king", "old"]);
    assert.deepEqual(names([term("the", 9_000)]), ["the"]);
    assert.deepEqual(names([]), []);
  });

  it("never lose a term that is rarer than one that is kept", () => {
    const counts = fc.array(fc.integer({ min: 1, max: 10_000 }), { maxLength: 12 });
    fc.assert(
      fc.property(counts, fc.nat(20_000), (passages, most) => {
        const list = passages.map((count, at) => term(`t${at}`, count));
        const kept = rarestTerms(list, most);
        const commonest = Math.max(0, ...kept.map((one) => one.passages));
        for (const one of list) assert.ok(kept.includes(one) || one.passages >= commonest);
        assert.ok(kept.length >= Math.min(2, list.length));
      }),
    );
  });
});

describe("ranking settings", () => {
  it("name what is out of range", () => {
    assert.throws(() => rankingSettings({ vectorWeight: 1.5 }), /ranking\.vectorWeight: 1\.5/);
    assert.equal(rankingSettings({ vectorWeight: undefined }).vectorWeight, 0.4);
  });
});

describe("evaluation metrics", () => {
  const judged = new Map([
    ["a", 1],
    ["b", 1],
  ]);
  it("agree with hand calculation", () => {
    assert.equal(ndcg(["a", "b", "c"], judged, 10), 1);
    assert.equal(ndcg(["c", "a"], judged, 10), 1 / Math.log2(3) / (1 + 1 / Math.log2(3)));
    assert.equal(recall(["x", "a"], judged, 100), 0.5);
    assert.equal(reciprocalRank(["x", "a"], judged, 10), 0.5);
    assert.equal(reciprocalRank(["x"], judged, 10), 0);
  });
});
