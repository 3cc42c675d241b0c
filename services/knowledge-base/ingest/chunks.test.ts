import assert from "node:assert/strict";
import fc from "fast-check";
import { parseDocument } from "./blocks";
import { chunkBlocks, estimateTokens } from "./chunks";
import { documentPieces, documentTypeOf, prepareDocument } from "./prepare";
import { hammingDistance, nearDuplicateBits, simHash } from "./simhash";

const chunk = (
  text: string,
  maxTokens = 40,
  mediaType: "text/markdown" | "text/html" | "text/plain" = "text/markdown",
) => chunkBlocks(parseDocument(text, mediaType).blocks, { maxTokens, overlapTokens: 8 });
const words = (count: number) => Array.from({ length: count }, (_, index) => `word${index}`).join(" ");

describe("chunking", () => {
  it("makes nothing of an empty document", () => {
    for (const text of ["", "  \n\n ", "# Only a heading", "---\ntitle: x\n---\n"]) assert.deepEqual(chunk(text), []);
  });

  it("keeps the heading path and never joins text of two sections", () => {
    const chunks = chunk("# A\n\none\n\n## B\n\ntwo\n\n### C\n\nthree\n\n## D\n\nfour");
    assert.deepEqual(
      chunks.map(({ heading, content }) => [heading, content]),
      [
        ["A", "one"],
        ["A > B", "two"],
        ["A > B > C", "three"],
        ["A > D", "four"],
      ],
    );
  });

  it("joins short paragraphs of one section and cuts long ones between sentences, with overlap", () => {
    assert.equal(chunk("# A\n\none\n\ntwo").length, 1);
    const text = Array.from({ length: 12 }, (_, index) => `Sentence number ${index} has exactly these words.`).join(
      " ",
    );
    const chunks = chunk(text);
    assert.ok(chunks.length > 1);
    for (const { content } of chunks) {
      assert.ok(estimateTokens(content) <= 40);
      assert.match(content, /^Sentence.*\.$/);
    }
  });

  it("does not cut tables and code", () => {
    const table = `| a | b |\n| --- | --- |\n${Array.from({ length: 40 }, (_, row) => `| ${row} | value ${row} |`).join("\n")}`;
    const code = `\`\`\`ts\n${words(120)}\n\`\`\``;
    for (const text of [table, code]) assert.equal(chunk(`# T\n\n${text}`).length, 1);
  });

  it("cuts a table only at the embedder's limit, between rows, with its header again", () => {
    const table = `| a | b |\n| --- | --- |\n${Array.from({ length: 200 }, (_, row) => `| ${row} | value ${row} |`).join("\n")}`;
    const chunks = chunkBlocks(parseDocument(table, "text/markdown").blocks, { maxTokens: 40, hardLimit: 300 });
    assert.ok(chunks.length > 1);
    for (const { content } of chunks) assert.ok(content.startsWith("| a | b |\n| --- | --- |"));
  });

  it("cuts one endless word, and scripts without spaces", () => {
    for (const text of ["x".repeat(5000), "龍の物語".repeat(500)]) {
      const chunks = chunk(text);
      assert.ok(chunks.length > 1);
      assert.equal(
        chunks
          .map(({ content }) => content)
          .join("")
          .replace(/\s/g, "")
          .includes(text.slice(0, 20)),
        true,
      );
    }
  });

  it("loses no word of any text, and never passes the limit", () => {
    fc.assert(
      fc.property(
        fc.array(fc.lorem({ maxCount: 30 }), { maxLength: 12 }),
        fc.integer({ min: 8, max: 60 }),
        (paragraphs, limit) => {
          const chunks = chunkBlocks(parseDocument(paragraphs.join("\n\n"), "text/plain").blocks, {
            maxTokens: limit,
            overlapTokens: 4,
          });
          const kept = new Set(chunks.flatMap(({ content }) => content.split(/\s+/)));
          for (const word of paragraphs.join(" ").split(/\s+/).filter(Boolean)) assert.ok(kept.has(word), word);
          for (const { content } of chunks) assert.ok(estimateTokens(content) <= limit + 1);
        },
      ),
    );
  });

  it("reads HTML by its tree, without scripts", () => {
    const chunks = chunk("<h1>Arena</h1><script>steal()</script><p>Duels <b>at</b> noon.</p>", 40, "text/html");
    assert.deepEqual(chunks, [{ heading: "Arena", content: "Duels at noon." }]);
  });
});

describe("preparing a document", () => {
  const document = (content: string, file = "a.md") => prepareDocument({ source: "s", file, content });

  it("takes title and type from front matter, heading, folder and name", () => {
    const given = document("---\ntitle: Told\ntype: guide\n---\n# Other\n\ntext");
    assert.deepEqual([given.title, given.type], ["Told", "guide"]);
    assert.equal(document("# Heading\n\ntext").title, "Heading");
    assert.equal(document("text", "folder/the-name.txt").title, "the-name");
    assert.deepEqual(["guides/x.md", "experiences/x.md", "x.md"].map(documentTypeOf), ["guide", "experience", "main"]);
  });

  it("does not lose a document to front matter that is not YAML", () => {
    assert.equal(documentPieces(document("---\n: : [\n---\n# T\n\nbody")).length, 1);
  });

  it("takes line ends and a byte-order mark for no difference", () => {
    assert.equal(document("\uFEFF# A\r\n\r\nb").contentHash, document("# A\n\nb").contentHash);
  });

  it("puts title and heading path before what is embedded, each once", () => {
    const [piece] = documentPieces(document("# Book\n\n## Chapter\n\nwords"));
    assert.equal(piece?.text, "Book > Chapter\nwords");
  });
});

describe("near-duplicates", () => {
  it("are few bits apart, other texts many", () => {
    const text = Array.from({ length: 300 }, (_, index) => `word${index % 97} and${index}`).join(" ");
    assert.ok(hammingDistance(simHash(text), simHash(text.replace("word5 ", "changed "))) <= nearDuplicateBits);
    assert.ok(hammingDistance(simHash(text), simHash(text.split(" ").reverse().join(" "))) > nearDuplicateBits);
  });
});
