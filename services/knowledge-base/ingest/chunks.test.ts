import assert from "node:assert/strict";
import fc from "fast-check";
import { parseDocument } from "./blocks";
import { chunkBlocks, estimateTokens, measure } from "./chunks";
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
    for (const text of ["", "  \n\n ", "#", "* * *", '""', "---\ntitle: x\n---\n"]) assert.deepEqual(chunk(text), []);
  });

  it("keeps the words on both sides of a break apart", () => {
    for (const [text, content] of [
      ["The grey wolf  \nhowls", "The grey wolf\nhowls"],
      ["The grey wolf\\\nhowls", "The grey wolf\nhowls"],
      ["The grey wolf<br>howls", "The grey wolf\nhowls"],
      ["The grey wolf\nhowls", "The grey wolf howls"],
      ["> The grey wolf\n>\n> howls", "The grey wolf\n\nhowls"],
      ["- The grey\n  wolf\n\n  howls\n  - at *the* moon", "- The grey wolf\nhowls\n  - at the moon"],
      ["| The | grey wolf |\n| --- | --- |\n| howls | |", "| The | grey wolf |\n| --- | --- |\n| howls |  |"],
      ["The *grey*<i>wolf</i> ~~howls~~ ![moon](m.png)", "The greywolf howls moon"],
      ["A <!-- hidden --> wolf &amp; <span class='x'>moon</span>", "A wolf & moon"],
    ] as const) {
      assert.deepEqual(
        chunk(text).map((one) => one.content),
        [content],
        text,
      );
    }
    const html = "<p>The grey wolf<br/>howls<div>at</div><table><tr><td>the<td>moon</table>";
    assert.equal(
      chunk(html, 40, "text/html")
        .map((one) => one.content)
        .join("\n"),
      "The grey wolf\nhowls\n\nat\n\n| the | moon |\n| --- | --- |",
    );
  });

  it("keeps headings that nothing stands under", () => {
    assert.deepEqual(chunk("# Only a heading"), [{ heading: "", content: "Only a heading" }]);
    assert.deepEqual(chunk("# A\n\n## B\n\n## C\n\ntext\n\n### D\n\n# E"), [
      { heading: "A", content: "B" },
      { heading: "A > C", content: "text\n\nD" },
      { heading: "", content: "E" },
    ]);
  });

  it("reads a footnote as text, and quotes nested too deep for the parser as plain text", () => {
    assert.equal(chunk("A wolf[^1]\n\n[^1]: Fenrir")[0]?.content, "A wolf[^1]\n\nFenrir");
    for (const deep of [`${">".repeat(900)} wolf`, `${"> ".repeat(3_000)}wolf`, `${"- ".repeat(3_000)}wolf`]) {
      assert.match(chunk(deep).at(-1)?.content ?? "", /wolf$/);
    }
    assert.match(chunk(`${"<div>".repeat(100_000)}wolf`, 40, "text/html").at(-1)?.content ?? "", /^wolf$/);
  });

  it("measures each character a fixed number of times, whatever the text", () => {
    const measured = (text: string) => {
      let characters = 0;
      const counting = (part: string) => {
        characters += part.length;
        return measure(part);
      };
      chunkBlocks(parseDocument(text, "text/plain").blocks, { maxTokens: 64, measure: counting });
      return characters;
    };
    for (const unit of [
      "ab",
      "a ",
      "a. ",
      'a" ',
      "a.\"'” ",
      "龍の",
      "龍。",
      "a\n",
      "A longer sentence, of some words. ",
    ]) {
      const text = unit.repeat(3_000);
      assert.ok(measured(text) <= 5 * text.length, `${JSON.stringify(unit)}: ${measured(text) / text.length}`);
    }
  });

  // What grew with the square of the text, such as a look-behind, would take hours here.
  it("reads a megabyte of any sign", function () {
    this.timeout(300_000);
    for (const sign of [
      ...`"'\`[]()!\\&<>*_~|-+#=:.,;?/ \t\n1a龍`,
      "> ",
      "- ",
      "[a](",
      "![[]()",
      "**a ",
      'a." ',
      "<b",
    ]) {
      for (const type of ["text/markdown", "text/html", "text/plain"] as const) {
        const text = sign.repeat(Math.ceil((sign.length === 1 ? 1_000_000 : 200_000) / sign.length));
        chunkBlocks(parseDocument(text, type).blocks);
      }
    }
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

  it("takes a title as it is written, and one of HTML", () => {
    assert.equal(document("---\ntitle: 1984\n---\ntext").title, "1984");
    assert.equal(document("---\ntitle: 007\n---\n# Other").title, "007");
    const html = "<title>The &amp;\n Moon</title><h1>Night</h1><p>dark";
    assert.equal(document(html, "a.html").title, "The & Moon");
    assert.equal(document("<h1>Night</h1>", "a.html").title, "Night");
  });

  it("finds a document that is nothing but a title or headings by them", () => {
    const texts = (content: string, file?: string) => documentPieces(document(content, file)).map(({ text }) => text);
    assert.deepEqual(texts("---\ntitle: The Lost Crown\n---\n"), ["The Lost Crown"]);
    assert.deepEqual(texts("<title>The Lost Crown</title>", "a.html"), ["The Lost Crown"]);
    assert.deepEqual(texts("# The Lost Crown"), ["The Lost Crown"]);
    assert.deepEqual(texts("# The Lost Crown\n\n## Its finder"), ["The Lost Crown\nIts finder"]);
  });

  it("reads front matter that is not YAML as text", () => {
    assert.match(documentPieces(document("---\n: : [lost\n---\n# T\n\nbody"))[0]?.text ?? "", /lost/);
    for (const deep of ["[", "{a: ", "- ", "? "]) {
      const text = `---\na: b\n${deep.repeat(20_000)}\n---\nbody`;
      assert.match(documentPieces(document(text)).at(-1)?.text ?? "", /body/);
    }
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
