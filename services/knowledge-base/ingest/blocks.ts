import type { Node, Nodes, Parents, RootContent, Table } from "mdast";
import { toString as plainText } from "mdast-util-to-string";
import rehypeParse from "rehype-parse";
import rehypeRemark from "rehype-remark";
import remarkFrontmatter from "remark-frontmatter";
import remarkGfm from "remark-gfm";
import remarkParse from "remark-parse";
import { unified } from "unified";
import { parse as parseYaml } from "yaml";

/** A stretch of a document that belongs together, under its headings. */
export interface Block {
  readonly headings: readonly string[];
  readonly text: string;
  /** A table or code, which loses its meaning when cut. */
  readonly whole: boolean;
}

export interface ParsedDocument {
  readonly title?: string;
  /** Front matter of a Markdown file. */
  readonly properties: Readonly<Record<string, unknown>>;
  readonly blocks: readonly Block[];
}

export const mediaTypes = ["text/markdown", "text/html", "text/plain"] as const;
export type MediaType = (typeof mediaTypes)[number];

const markdown = unified().use(remarkParse).use(remarkGfm).use(remarkFrontmatter, ["yaml"]);
const html = unified().use(rehypeParse).use(rehypeRemark);

/** Reads a document into blocks by its syntax tree. */
export function parseDocument(content: string, mediaType: MediaType): ParsedDocument {
  if (mediaType === "text/plain") return plainDocument(content);
  const root = mediaType === "text/html" ? html.runSync(html.parse(content)) : markdown.parse(content);
  return fromTree((root as Parents).children as RootContent[]);
}

function plainDocument(content: string): ParsedDocument {
  const blocks = content
    .split(/\n\s*\n/)
    .map((text) => text.trim())
    .filter((text) => text !== "")
    .map((text) => ({ headings: [], text, whole: false }));
  return { properties: {}, blocks };
}

function fromTree(nodes: readonly RootContent[]): ParsedDocument {
  const blocks: Block[] = [];
  let properties: Record<string, unknown> = {};
  let headings: { depth: number; text: string }[] = [];
  for (const node of nodes) {
    if (node.type === "yaml") properties = readProperties(node.value);
    else if (node.type === "heading") {
      headings = [...headings.filter(({ depth }) => depth < node.depth), { depth: node.depth, text: plainText(node) }];
    } else {
      const path = headings.map(({ text }) => text);
      for (const { text, whole } of render(node)) if (text !== "") blocks.push({ headings: path, text, whole });
    }
  }
  const first = nodes.find((node) => node.type === "heading");
  const named = typeof properties.title === "string" ? properties.title : undefined;
  return { title: named ?? (first === undefined ? undefined : plainText(first)), properties, blocks };
}

/** Front matter that is not a mapping, or not YAML, is no reason to lose the document. */
function readProperties(text: string): Record<string, unknown> {
  try {
    const value: unknown = parseYaml(text);
    return typeof value === "object" && value !== null && !Array.isArray(value)
      ? (value as Record<string, unknown>)
      : {};
  } catch {
    return {};
  }
}

function render(node: RootContent): { text: string; whole: boolean }[] {
  switch (node.type) {
    case "code":
      return [{ text: `\`\`\`${node.lang ?? ""}\n${node.value}\n\`\`\``, whole: true }];
    case "table":
      return [{ text: renderTable(node), whole: true }];
    case "list":
      return node.children.map((item, index) => ({
        text: `${node.ordered ? `${(node.start ?? 1) + index}.` : "-"} ${item.children.map(flat).join("\n  ")}`,
        whole: item.children.some(hasWhole),
      }));
    case "blockquote":
      return node.children.flatMap((child) => render(child as RootContent));
    case "thematicBreak":
    case "definition":
      return [];
    case "html":
      return [{ text: node.value.replace(/<!--[\s\S]*?-->|<[^>]*>/g, " ").trim(), whole: false }];
    default:
      return [{ text: plainText(node).trim(), whole: false }];
  }
}

function hasWhole(node: Node): boolean {
  return node.type === "code" || node.type === "table" || ((node as Partial<Parents>).children ?? []).some(hasWhole);
}

function flat(node: Nodes): string {
  return render(node as RootContent)
    .map(({ text }) => text)
    .join("\n  ");
}

function renderTable(table: Table): string {
  const rows = table.children.map(({ children }) => `| ${children.map((cell) => plainText(cell)).join(" | ")} |`);
  const [head, ...rest] = rows;
  return [head, `|${" --- |".repeat(table.children[0]?.children.length ?? 1)}`, ...rest].join("\n");
}
