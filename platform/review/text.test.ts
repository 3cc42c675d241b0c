import assert from "node:assert/strict";
import fc from "fast-check";
import { cell, fence, foldHashes, truncateMiddle } from "./text";

describe("comment text", () => {
  it("folds image digests and build hashes to eight digits", () => {
    const digest = "a1b2c3d4".repeat(8);
    assert.equal(foldHashes(`node@sha256:${digest}`), "node@sha256:a1b2c3d4...");
    assert.equal(foldHashes(`etag ${digest.slice(0, 40)}`), "etag a1b2c3d4...");
    assert.equal(foldHashes("commit 1a2b3c4 of 2026"), "commit 1a2b3c4 of 2026");
  });

  it("keeps a value from breaking a table, adding markup or mentioning people", () =>
    assert.equal(cell("a|b\n<img> @team"), "a&#124;b &lt;img> @&#8203;team"));

  it("closes a fence that its content tries to end", () => {
    const block = fence("text", "```\n# heading\n````");
    assert.ok(block.startsWith("`````text\n") && block.endsWith("\n`````"));
  });

  it("cuts whole lines out of the middle, says how many, and never exceeds the limit", () => {
    fc.assert(
      fc.property(
        fc.array(fc.string({ maxLength: 80 }), { maxLength: 300 }),
        fc.integer({ min: 100, max: 4000 }),
        (lines, maximum) => {
          const text = lines.map((line) => line.replace(/\n/g, " ")).join("\n");
          const cut = truncateMiddle(text, maximum);
          assert.ok(cut.length <= maximum);
          if (text.length <= maximum) assert.equal(cut, text);
          else {
            const left = Number(/\.\.\. (\d+) lines? left out \.\.\./.exec(cut)?.[1]);
            assert.equal(cut.split("\n").length - 1 + left, text.split("\n").length);
          }
        },
      ),
    );
  });
});
