/**
 * Turns the sets that were written for this repository (collections/*.tsv) into folders for `npm run kb -- eval`: questions about
 * lore that share no word with the passage that answers them, and questions about what was said in conversations, each a world.
 * The setting of the search was chosen on those named tuning.
 * Usage: npx tsx bench/knowledge-base/made-collections.ts FOLDER
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { runMain } from "../../runtime/main";
import { type Document, type Query, saveCollection } from "./save-collection";

const rows = (name: string) =>
  readFileSync(join(__dirname, "collections", `${name}.tsv`), "utf8")
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => line.split("\t"));

/** Passages of both sets, so that each has twice the passages to find the right one among. */
const lore = ["lore-tuning", "lore-test"].flatMap((set) =>
  rows(set).map(([question = "", text = ""], index) => ({ set, id: `${set}/${index}`, question, text })),
);
const loreDocs: readonly Document[] = lore.map(({ id, text }) => ({ id, title: "", text }));

const said = rows("dialogue-tuning").map(([world = "", question = "", text = ""], index) => ({
  id: `${world}/${index}`,
  world,
  question,
  text,
}));

void runMain("made-collections", async () => {
  const [, , target] = process.argv;
  if (target === undefined) {
    process.stderr.write("usage: made-collections.ts FOLDER\n");
    return 2;
  }
  for (const name of ["lore-tuning", "lore-test"]) {
    const queries = lore.flatMap(({ set, id, question }): Query[] =>
      set === name && question !== "" ? [{ id, text: question, relevant: [id] }] : [],
    );
    saveCollection(join(target, name), { docs: loreDocs, queries });
  }
  saveCollection(join(target, "dialogue-tuning"), {
    docs: said.map(({ id, text, world }) => ({ id, title: "", text, world })),
    queries: said.flatMap(({ id, world, question }): Query[] =>
      question === "" ? [] : [{ id, text: question, relevant: [id], world }],
    ),
  });
  return 0;
});
