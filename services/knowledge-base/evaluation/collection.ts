import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { InputError } from "../../../contracts/input-error";

const document = z.object({
  id: z.string(),
  title: z.string().default(""),
  text: z.string(),
  world: z.string().optional(),
});
const question = z.object({ id: z.string(), text: z.string(), world: z.string().optional() });

/** A judged collection: documents, questions, and which document answers which. */
export interface Collection {
  readonly documents: readonly z.infer<typeof document>[];
  readonly questions: readonly z.infer<typeof question>[];
  readonly judgements: ReadonlyMap<string, ReadonlyMap<string, number>>;
}

/** Reads docs.jsonl, queries.jsonl and qrels.tsv of a folder. @throws InputError naming the file and line */
export function readCollection(folder: string): Collection {
  const judgements = new Map<string, Map<string, number>>();
  readLines(folder, "qrels.tsv").forEach((line, index) => {
    const [query, doc, grade] = line.split("\t");
    if (query === undefined || doc === undefined || !Number.isFinite(Number(grade))) {
      throw wrongLine(folder, "qrels.tsv", index, line, "query, document and grade between tabs");
    }
    if (Number(grade) <= 0) return;
    const judged = judgements.get(query) ?? new Map<string, number>();
    judgements.set(query, judged.set(doc, Number(grade)));
  });
  return {
    documents: readJson(folder, "docs.jsonl", document),
    questions: readJson(folder, "queries.jsonl", question).filter(({ id }) => judgements.has(id)),
    judgements,
  };
}

function readJson<T>(folder: string, file: string, schema: z.ZodType<T>): T[] {
  return readLines(folder, file).map((line, index) => {
    const parsed = schema.safeParse(tryJson(line));
    if (!parsed.success) throw wrongLine(folder, file, index, line, parsed.error.issues[0]?.message ?? "an object");
    return parsed.data;
  });
}

function tryJson(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}

function readLines(folder: string, file: string): string[] {
  const path = join(folder, file);
  if (!existsSync(path))
    throw new InputError({
      path: file,
      given: path,
      allowed: "a file: a collection has docs.jsonl, queries.jsonl and qrels.tsv",
      where: "the folder that kb eval is given",
    });
  return readFileSync(path, "utf8")
    .split("\n")
    .filter((line) => line.trim() !== "");
}

function wrongLine(folder: string, file: string, index: number, line: string, allowed: string): InputError {
  return new InputError({ path: `${file}:${index + 1}`, given: line, allowed, where: join(folder, file) });
}
