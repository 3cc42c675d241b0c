import assert from "node:assert/strict";
import { HtmlRenderer, Parser } from "commonmark";
import { tests } from "commonmark-spec";
import { type DefaultTreeAdapterMap, parse } from "parse5";
import { type Block, parseDocument } from "./blocks";
import { chunkBlocks } from "./chunks";

type Node = DefaultTreeAdapterMap["node"];

const wordsOf = (text: string): string[] => text.match(/[\p{L}\p{M}\p{N}]+/gu) ?? [];

/** Elements of the specification's examples that a browser shows within a line; all others stand apart. */
const inline = new Set("a b bab b2 c2c code del em i img input responsive-image s span strong unknown".split(" "));

/** What a browser shows of HTML, by another parser than the one under test: text, and an image's alternative text. */
function shown(node: Node): string {
  if (node.nodeName === "#text") return (node as DefaultTreeAdapterMap["textNode"]).value;
  if (["#comment", "#documentType", "script", "style", "template", "title", "noscript"].includes(node.nodeName))
    return "";
  const { attrs = [], childNodes = [] } = node as Partial<DefaultTreeAdapterMap["element"]>;
  const alternative = node.nodeName === "img" ? ` ${attrs.find(({ name }) => name === "alt")?.value ?? ""} ` : "";
  const inside = `${alternative}${childNodes.map(shown).join("")}`;
  return inline.has(node.nodeName) ? inside : ` ${inside} `;
}

/** The words of blocks in order, each heading once, where it stands. */
function wordsInOrder(blocks: readonly Block[]): string[] {
  let above: readonly string[] = [];
  return blocks.flatMap(({ headings, text }) => {
    const same = headings.findIndex((heading, at) => heading !== above[at]);
    const fresh = same < 0 ? [] : headings.slice(same);
    above = headings;
    return wordsOf([...fresh, text].join("\n"));
  });
}

const render = (markdown: string) => new HtmlRenderer().render(new Parser().parse(markdown));

describe("text of CommonMark's own examples", () => {
  it("has the words of the rendered text in their order, and no others", () => {
    assert.ok(tests.length > 600);
    const differing = tests.flatMap(({ markdown, number }) => {
      const expected = wordsOf(shown(parse(render(markdown))));
      const found = wordsInOrder(parseDocument(markdown, "text/markdown").blocks);
      return expected.join(" ") === found.join(" ") ? [] : [{ number, markdown, expected, found }];
    });
    assert.deepEqual(differing, []);
  });

  it("is the same when the rendered HTML is read", () => {
    const differing = tests.flatMap(({ markdown, number }) => {
      const html = render(markdown);
      const expected = wordsOf(shown(parse(html)));
      const found = wordsInOrder(parseDocument(html, "text/html").blocks);
      return expected.join(" ") === found.join(" ") ? [] : [{ number, html, expected, found }];
    });
    assert.deepEqual(differing, []);
  });

  it("is in the passages, which hold no other word", () => {
    for (const { markdown, number } of tests) {
      const expected = new Set(wordsOf(shown(parse(render(markdown)))));
      const chunks = chunkBlocks(parseDocument(markdown, "text/markdown").blocks);
      const found = new Set(chunks.flatMap(({ heading, content }) => wordsOf(`${heading}\n${content}`)));
      assert.deepEqual([...found].sort(), [...expected].sort(), `example ${number}`);
    }
  });
});
