import { readFileSync } from "node:fs";
import { join } from "node:path";
import { insideWorld } from "../database/types";
import type { Indexer } from "../index/indexer";
import { rank } from "../search/search";
import { makeWorld, tell } from "./stories";

/** Questions about lore that share no word with the passage that answers them; some passages answer none. */
export function lore(set: "lore-tuning" | "lore-test"): { question: string; text: string }[] {
  const file = join(__dirname, "..", "..", "..", "bench", "knowledge-base", "collections", `${set}.tsv`);
  return readFileSync(file, "utf8")
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => line.split("\t"))
    .map(([question = "", text = ""]) => ({ question, text }));
}

/** Tells all lore to a new world and asks; how many of the 40 questions find their passage among the first five, 140 passages in all. */
export async function foundByMeaning(indexer: Indexer, afterTelling: () => Promise<unknown>): Promise<number> {
  const world = await makeWorld(indexer, "lore");
  const all = [...lore("lore-test"), ...lore("lore-tuning")];
  const ids = await tell(indexer, Object.fromEntries(all.map(({ text }, at) => [`${at}.txt`, text])), {
    worldId: world.id,
  });
  await afterTelling();
  let found = 0;
  for (const [at, { question }] of lore("lore-test").entries()) {
    if (question === "") continue;
    const { hits } = await rank(indexer, insideWorld(world.id), { query: question });
    if (hits.slice(0, 5).some(({ candidate }) => candidate.itemId === ids[`${at}.txt`])) found += 1;
  }
  return found;
}
