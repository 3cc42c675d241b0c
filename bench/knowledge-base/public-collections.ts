/**
 * Turns public retrieval collections into folders for `npm run kb -- eval`: CISI and CACM (abstracts), Vaswani (short abstracts),
 * LoCoMo (conversations, each a world of its own, asked about what was said). They come out of git repositories at fixed commits, cloned
 * beside the target where they are not there yet; their licences allow research, so none is kept in this repository.
 * Usage: npx tsx bench/knowledge-base/public-collections.ts FOLDER [CLONES]
 */
import { execFileSync } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { runMain } from "../../runtime/main";
import { type Collection, type Document, type Query, saveCollection } from "./save-collection";

/** Reads a file of the collection's repository. */
type Read = (path: string) => string;

interface Source {
  readonly repository: string;
  readonly commit: string;
  readonly convert: (read: Read) => Collection;
}

const sources: Readonly<Record<string, Source>> = {
  cisi: {
    repository: "PsychoProg/tf-idf",
    commit: "beee251dd1356ee4ffb453ac60cf8f9112840f5d",
    convert: (read) => smart(read("CISI.ALL"), read("CISI.QRY"), read("CISI.REL")),
  },
  cacm: {
    repository: "kavinsan/Information-Retrieval-Project",
    commit: "feda4806b8d19af85753c580640d40e572f99339",
    convert: (read) => smart(read("cacm.all"), read("query.text"), read("qrels.text")),
  },
  vaswani: {
    repository: "stefreschke/Information-Retrieval",
    commit: "ec84884f012ae2c655004f1025753381bef27adb",
    convert: (read) => vaswani(read("npl/doc-text"), read("npl/query-text"), read("npl/rlv-ass")),
  },
  locomo: {
    repository: "snap-research/LoCoMo",
    commit: "3eb6f2c585f5e1699204e3c3bdf7adc5c28cb376",
    convert: (read) => locomo(JSON.parse(read("data/locomo10.json")) as Conversation[]),
  },
};

const oneLine = (text: string) => text.replace(/\s+/g, " ").trim();

/** Records of the SMART format: `.I` begins one, `.T` its title, `.W` its text; other fields are left out. */
function smartRecords(text: string): { id: string; title: string; text: string }[] {
  return text
    .split(/^\.I +/m)
    .slice(1)
    .map((record) => {
      const [id = "", ...parts] = record.split(/^\.([A-Z])[ \t]*\r?\n/m);
      const fields = new Map<string, string>();
      for (let at = 0; at + 1 < parts.length; at += 2) fields.set(parts[at] as string, parts[at + 1] as string);
      return { id: id.trim(), title: oneLine(fields.get("T") ?? ""), text: oneLine(fields.get("W") ?? "") };
    });
}

function smart(documents: string, questions: string, judgements: string): Collection {
  const relevant = new Map<string, string[]>();
  for (const line of judgements.split("\n")) {
    const [question, document] = line.trim().split(/\s+/);
    if (!question || document === undefined) continue;
    const id = String(Number(question));
    relevant.set(id, [...(relevant.get(id) ?? []), document]);
  }
  const queries = smartRecords(questions).flatMap(({ id, text }): Query[] =>
    relevant.has(id) ? [{ id, text, relevant: relevant.get(id) as string[] }] : [],
  );
  return { docs: smartRecords(documents), queries };
}

function vaswani(documents: string, questions: string, judgements: string): Collection {
  const records = (text: string) =>
    text
      .split(/^ *\/ *$/m)
      .map((record) => record.trim())
      .filter((record) => record !== "")
      .map((record) => {
        const end = record.search(/\s/);
        return { id: record.slice(0, end), text: oneLine(record.slice(end)).toLowerCase() };
      });
  const relevant = new Map(records(judgements).map(({ id, text }) => [id, text.split(" ")]));
  return {
    docs: records(documents).map(({ id, text }) => ({ id, title: "", text })),
    queries: records(questions).map(({ id, text }) => ({ id, text, relevant: relevant.get(id) ?? [] })),
  };
}

interface Turn {
  readonly speaker: string;
  readonly dia_id: string;
  readonly text: string;
  readonly blip_caption?: string;
}
interface Conversation {
  readonly sample_id: string;
  readonly qa: readonly { question: string; evidence: readonly string[]; category: number }[];
  readonly conversation: Readonly<Record<string, unknown>>;
}

/** Each turn is a document; questions of category 5 have no answer in the conversation. */
function locomo(conversations: readonly Conversation[]): Collection {
  const docs: Document[] = [];
  const queries: Query[] = [];
  for (const { sample_id: world, qa, conversation } of conversations) {
    const turns = Object.entries(conversation).flatMap(([name, value]) =>
      /^session_\d+$/.test(name) ? (value as Turn[]) : [],
    );
    const known = new Set(turns.map(({ dia_id }) => dia_id));
    for (const { speaker, dia_id, text, blip_caption } of turns) {
      const shown = blip_caption === undefined ? "" : ` (shows ${blip_caption})`;
      docs.push({ id: `${world}/${dia_id}`, title: "", text: `${speaker}: ${text}${shown}`, world });
    }
    qa.forEach(({ question, evidence, category }, index) => {
      const relevant = [...new Set(evidence.flatMap((list) => list.match(/D\d+:\d+/g) ?? []))].filter((id) =>
        known.has(id),
      );
      if (category === 5 || relevant.length === 0) return;
      queries.push({
        id: `${world}/${index}`,
        text: question,
        relevant: relevant.map((id) => `${world}/${id}`),
        world,
      });
    });
  }
  return { docs, queries };
}

/** Reads files of a commit, from a clone or a bare copy of the repository; clones it where it is missing. */
function reader({ repository, commit }: Source, clones: string): Read {
  const place = join(clones, repository.replace("/", "+"));
  const nested = join(place, "repo");
  const git = existsSync(nested) ? nested : place;
  if (!existsSync(git)) {
    execFileSync("git", ["clone", "--quiet", "--bare", `https://github.com/${repository}.git`, git], {
      stdio: "inherit",
    });
  }
  return (path) =>
    execFileSync("git", ["-C", git, "show", `${commit}:${path}`], { encoding: "utf8", maxBuffer: 1 << 28 });
}

void runMain("public-collections", async () => {
  const [, , target, clones = target === undefined ? "" : join(target, "clones")] = process.argv;
  if (target === undefined) {
    process.stderr.write("usage: public-collections.ts FOLDER [CLONES]\n");
    return 2;
  }
  for (const [name, source] of Object.entries(sources)) {
    saveCollection(join(target, name), source.convert(reader(source, clones)));
  }
  return 0;
});
