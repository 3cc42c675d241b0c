import { Tokenizer, type TokenizerCallbacks } from "htmlparser2";
import { BlockCollector } from "./block-collector";
import type { Block } from "./blocks";

/** Elements that a browser shows as blocks of their own: words on their two sides are never one word. */
const blockElements: ReadonlySet<string> = new Set(
  (
    "address article aside blockquote body caption center dd details dialog dir div dl dt fieldset figcaption figure footer form " +
    "frameset header hgroup html legend main menu nav optgroup option p plaintext search section select summary tbody textarea " +
    "tfoot thead xmp hr ol ul"
  ).split(" "),
);
const lists: ReadonlySet<string> = new Set(["ol", "ul", "menu", "dir"]);
/** Elements whose content is never shown. */
const hidden: ReadonlySet<string> = new Set([
  "iframe",
  "noembed",
  "noframes",
  "noscript",
  "script",
  "style",
  "template",
]);
const foreign: ReadonlySet<string> = new Set(["svg", "math"]);
const headingName = /^h[1-6]$/;

/** An HTML document's blocks in order. */
export interface HtmlBlocks {
  /** What its `<title>` says. */
  readonly title?: string;
  readonly firstHeading?: string;
  readonly blocks: readonly Block[];
}

/**
 * Reads HTML in one pass over its tags, as a browser shows it, without building a tree: it takes time in proportion to the text
 * however deep elements nest.
 */
export function htmlBlocks(html: string): HtmlBlocks {
  const collector = new BlockCollector();
  // How many of each kind are open; a closing tag without an opening one counts for nothing.
  const open = { hidden: 0, foreign: 0, list: 0 };
  let title: string | undefined;
  let inTitle = false;
  let tag = "";
  let attribute = "";
  let alternative = "";

  const text = (words: string) => {
    if (inTitle) title = (title ?? "") + words;
    else if (open.hidden === 0) collector.text(words);
  };
  const opened = () => {
    if (hidden.has(tag)) open.hidden += 1;
    else if (foreign.has(tag)) open.foreign += 1;
    if (open.foreign === 0 && tag === "title") inTitle = true;
    if (open.hidden > 0) return;
    if (tag === "img") collector.apart(alternative);
    else if (tag === "br") collector.lineBreak();
    else if (headingName.test(tag)) collector.openHeading(Number(tag[1]));
    else if (tag === "table") collector.openTable();
    else if (tag === "tr") collector.openRow();
    else if (tag === "td" || tag === "th") collector.openCell();
    else if (tag === "pre" || tag === "listing") collector.openPre();
    else if (tag === "li") collector.openItem(open.list);
    else if (blockElements.has(tag)) collector.boundary(open.list);
    if (lists.has(tag)) open.list += 1;
  };
  const closed = (name: string) => {
    if (hidden.has(name)) open.hidden = Math.max(0, open.hidden - 1);
    else if (foreign.has(name)) open.foreign = Math.max(0, open.foreign - 1);
    if (name === "title") inTitle = false;
    if (open.hidden > 0) return;
    if (lists.has(name)) open.list = Math.max(0, open.list - 1);
    if (headingName.test(name)) collector.closeHeading();
    else if (name === "table") collector.closeTable();
    else if (name === "pre" || name === "listing") collector.closePre();
    else if (name === "br") collector.lineBreak();
    else if (name === "li" || blockElements.has(name)) collector.boundary(open.list);
    else if (name === "td" || name === "th" || name === "tr") collector.closeCell();
  };

  const slice = (start: number, end: number) => html.slice(start, end);
  const nothing = () => undefined;
  const events: TokenizerCallbacks = {
    ontext: (start, end) => text(slice(start, end)),
    ontextentity: (codePoint) => text(String.fromCodePoint(codePoint)),
    onopentagname(start, end) {
      tag = slice(start, end).toLowerCase();
      alternative = "";
    },
    onattribname(start, end) {
      attribute = slice(start, end).toLowerCase();
    },
    onattribdata(start, end) {
      if (attribute === "alt") alternative += slice(start, end);
    },
    onattribentity(codePoint) {
      if (attribute === "alt") alternative += String.fromCodePoint(codePoint);
    },
    onopentagend: opened,
    onselfclosingtag() {
      opened();
      // In SVG and MathML a slash closes; in HTML it says nothing.
      if (open.foreign > 0) closed(tag);
    },
    onclosetag: (start, end) => closed(slice(start, end).toLowerCase()),
    isInForeignContext: () => open.foreign > 0,
    onattribend: nothing,
    // In HTML itself this is a comment.
    oncdata: (start, end, offset) => (open.foreign > 0 ? text(slice(start, end - offset)) : undefined),
    oncomment: nothing,
    ondeclaration: nothing,
    onprocessinginstruction: nothing,
    onend: nothing,
  };
  const tokenizer = new Tokenizer({ decodeEntities: true }, events);
  tokenizer.write(html);
  tokenizer.end();
  const said = title?.replace(/[ \t\n\f\r]+/g, " ").trim();
  const blocks = collector.finish();
  return { title: said || undefined, firstHeading: collector.firstHeading, blocks };
}
