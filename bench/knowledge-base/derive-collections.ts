/**
 * Derives retrieval collections from the documentation that `npm ci` puts into node_modules, so that a setting of the search can
 * be judged on more than one kind of question without a download. Relevance follows from structure, not from human judges:
 * the figures compare settings with each other and say nothing about absolute quality. A collection with titles, given besides,
 * makes one more: its titles ask for their texts.
 * Usage: npx tsx bench/knowledge-base/derive-collections.ts FOLDER [COLLECTION]
 */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { toString as plainText } from "mdast-util-to-string";
import remarkGfm from "remark-gfm";
import remarkParse from "remark-parse";
import { unified } from "unified";
import { readCollection } from "../../services/knowledge-base/evaluation/collection";
import { type Collection, type Document, type Query, saveCollection } from "./save-collection";

const modules = join(__dirname, "..", "..", "node_modules");

/** Takes every n-th so that at most `most` remain; deterministic. */
function sample<T>(list: T[], most: number): T[] {
  const step = Math.max(1, list.length / most);
  return Array.from({ length: Math.min(most, list.length) }, (_, index) => list[Math.floor(index * step)] as T);
}

interface Resource {
  id: string;
  service: string;
  lead: string;
  rest: string;
  properties: string[];
}

function cleanComment(comment: string): string {
  return comment
    .replace(/^\s*\/?\*+\/?/gm, "")
    .replace(/```[\s\S]*?```/g, " ")
    .replace(/^#.*$/gm, " ")
    .replace(/[`*>]/g, " ")
    .replace(/\s+/g, " ")
    .trim();
}

function awsResources(): Resource[] {
  const root = join(modules, "@pulumi", "aws");
  const found: Resource[] = [];
  for (const service of readdirSync(root, { withFileTypes: true })) {
    if (!service.isDirectory() || service.name === "types" || service.name === "node_modules") continue;
    for (const file of readdirSync(join(root, service.name))) {
      if (!file.endsWith(".d.ts") || file === "index.d.ts" || file.startsWith("get")) continue;
      const source = readFileSync(join(root, service.name, file), "utf8");
      const head = /\/\*\*([\s\S]*?)\*\/\s*export declare class (\w+) extends/.exec(source);
      if (head === null) continue;
      const text = cleanComment(head[1] as string).split(/ Import Using | Import /)[0] as string;
      const end = text.search(/\.(\s|$)/);
      if (end < 20) continue;
      const body = source.slice(0, source.indexOf("interface"));
      const properties = [...body.matchAll(/\/\*\*([\s\S]*?)\*\/\s*readonly (\w+)/g)].map((m) =>
        cleanComment(m[1] as string),
      );
      found.push({
        id: `${service.name}/${head[2]}`,
        service: service.name,
        lead: text.slice(0, end + 1),
        rest: text.slice(end + 1).trim(),
        properties,
      });
    }
  }
  return found;
}

function leadToRest(resources: Resource[]): Collection {
  const usable = resources.filter(({ rest, properties }) => rest.length + properties.join(" ").length > 200);
  return {
    docs: usable.map(({ id, rest, properties }) => ({ id, title: "", text: `${rest}\n${properties.join("\n")}` })),
    queries: sample(usable, 300).map(({ id, lead }) => ({ id, text: lead, relevant: [id] })),
  };
}

function propertyToResource(resources: Resource[]): Collection {
  const asked = resources.flatMap(({ id, properties }) =>
    properties
      .filter((text) => text.length > 60 && text.length < 300)
      .slice(0, 1)
      .map((text) => ({ id, text, relevant: [id] })),
  );
  return {
    docs: resources.map(({ id, lead, rest }) => ({ id, title: lead, text: rest })),
    queries: sample(asked, 300).map((query, index) => ({ ...query, id: `${index}` })),
  };
}

function leadToService(resources: Resource[]): Collection {
  const members = new Map<string, string[]>();
  for (const { id, service } of resources) members.set(service, [...(members.get(service) ?? []), id]);
  const askers = resources.filter(({ service }) => {
    const size = members.get(service)?.length ?? 0;
    return size >= 4 && size <= 40;
  });
  const picked = sample(askers, 200);
  const out = new Set(picked.map(({ id }) => id));
  return {
    docs: resources
      .filter(({ id }) => !out.has(id))
      .map(({ id, lead, rest }) => ({ id, title: "", text: `${lead} ${rest}`.replace(/aws\.\w+\.\w+/g, " ") })),
    queries: picked
      .map(({ id, service, lead }) => ({
        id,
        text: lead,
        relevant: (members.get(service) ?? []).filter((other) => !out.has(other)),
      }))
      .filter(({ relevant }) => relevant.length > 0),
  };
}

function markdownFiles(folder: string, depth = 0): string[] {
  if (depth > 5) return [];
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) return markdownFiles(path, depth + 1);
    return entry.name.endsWith(".md") && !/change|history|licen|security/i.test(entry.name) ? [path] : [];
  });
}

function headingToSection(): Collection {
  const docs: Document[] = [];
  const queries: Query[] = [];
  for (const path of markdownFiles(modules)) {
    const source = readFileSync(path, "utf8");
    if (source.length < 2000) continue;
    const tree = unified().use(remarkParse).use(remarkGfm).parse(source);
    const name = path
      .slice(modules.length + 1)
      .split("/")
      .slice(0, 2)
      .join("/");
    let heading = "";
    let body: string[] = [];
    const close = () => {
      const text = body.join("\n").replace(/https?:\S+/g, " ");
      if (
        heading.split(" ").length >= 2 &&
        heading.split(" ").length <= 14 &&
        text.length > 300 &&
        text.length < 6000
      ) {
        const id = `${docs.length}`;
        docs.push({ id, title: "", text });
        queries.push({ id, text: `${name.replace(/README.*|[@/.-]/g, " ").trim()} ${heading}`, relevant: [id] });
      }
      body = [];
    };
    for (const node of tree.children) {
      if (node.type === "heading") {
        close();
        heading = plainText(node);
      } else if (node.type !== "html") body.push(plainText(node));
    }
    close();
  }
  return { docs, queries: sample(queries, 300) };
}

/** Each title asks for its text, which is stored without it. */
function titleToText(collection: string): Collection {
  const { documents } = readCollection(collection);
  const titled = documents.filter(({ title }) => title.trim() !== "");
  return {
    docs: documents.map(({ id, text }) => ({ id, title: "", text })),
    queries: sample(titled, 350).map(({ id, title }) => ({ id, text: title, relevant: [id] })),
  };
}

const [, , target, collection] = process.argv;
if (target === undefined) {
  process.stderr.write("usage: derive-collections.ts FOLDER [COLLECTION]\n");
  process.exitCode = 2;
} else {
  const resources = awsResources();
  saveCollection(join(target, "aws-lead"), leadToRest(resources));
  saveCollection(join(target, "aws-property"), propertyToResource(resources));
  saveCollection(join(target, "aws-service"), leadToService(resources));
  saveCollection(join(target, "markdown-heading"), headingToSection());
  if (collection !== undefined) saveCollection(join(target, "title-text"), titleToText(collection));
}
