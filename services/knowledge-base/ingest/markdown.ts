import MarkdownIt from "markdown-it";

/** Quotes and lists in each other at most; what nests deeper is read as plain text. */
export const deepestNesting = 100;

/** Characters of a paragraph that are searched for inline markup; a longer one is no prose, and is taken as it stands. */
const longestInline = 65_536;

const markdown = new MarkdownIt({ html: true, maxNesting: deepestNesting });
// Links are not shown, and one that a browser should not follow is a link all the same.
markdown.validateLink = () => true;
markdown.normalizeLink = (link) => link;
markdown.core.ruler.at("inline", (state) => {
  for (const token of state.tokens) {
    if (token.type !== "inline") continue;
    token.children = [];
    if (token.content.length <= longestInline)
      state.md.inline.parse(token.content, state.md, state.env, token.children);
    else {
      const text = new state.Token("text", "", 0);
      text.content = token.content;
      token.children.push(text);
    }
  }
});

/** The mark before a footnote's text. To CommonMark `[^1]: word` defines a link, and the word is not shown. */
const footnoteMark = /^ {0,3}\[\^[^\]\s]{1,100}\]:/gm;

/** Markdown (CommonMark with tables and strikethrough) as HTML; undefined where it nests deeper than {@link deepestNesting}. */
export function markdownToHtml(text: string): string | undefined {
  const environment = {};
  const tokens = markdown.parse(text.replace(footnoteMark, ""), environment);
  // At the limit the parser leaves the rest of a quote or list out.
  if (tokens.some(({ level }) => level >= deepestNesting - 1)) return undefined;
  return markdown.renderer.render(tokens, markdown.options, environment);
}
