import { mkdirSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";

export interface Document {
  readonly id: string;
  readonly title: string;
  readonly text: string;
  readonly world?: string;
}

export interface Query {
  readonly id: string;
  readonly text: string;
  /** Documents that answer it. */
  readonly relevant: readonly string[];
  readonly world?: string;
}

/** A collection that was made or converted; `npm run kb -- eval` reads it from its files. */
export interface Collection {
  readonly docs: readonly Document[];
  readonly queries: readonly Query[];
}

/** Writes docs.jsonl, queries.jsonl and qrels.tsv, and prints how many there are. */
export function saveCollection(folder: string, { docs, queries }: Collection): void {
  mkdirSync(folder, { recursive: true });
  const lines = (list: readonly unknown[]) => `${list.map((item) => JSON.stringify(item)).join("\n")}\n`;
  writeFileSync(join(folder, "docs.jsonl"), lines(docs));
  writeFileSync(join(folder, "queries.jsonl"), lines(queries.map(({ relevant: _, ...query }) => query)));
  writeFileSync(
    join(folder, "qrels.tsv"),
    queries.flatMap(({ id, relevant }) => relevant.map((doc) => `${id}\t${doc}\t1\n`)).join(""),
  );
  process.stdout.write(`${basename(folder)}: ${docs.length} documents, ${queries.length} queries\n`);
}
