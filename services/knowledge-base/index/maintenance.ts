import { InputError } from "../../../contracts/input-error";
import { canon, everything } from "../database/types";
import type { Embedder } from "../embedders/embedder";
import { worthAnIndex } from "../search/vector";
import {
  activateFilled,
  dropGeneration,
  type Generation,
  generationIn,
  orphanedItems,
  staleItems,
} from "./generations";
import { type Indexer, pipelineVersion, startGeneration } from "./indexer";
import { removeItem } from "./writer";

/** Called as work goes on. */
export type Progress = (stage: string, done: number, total: number) => void;

const batch = 200;

/** Builds the vector index of each space that is large by now. Writers of the generation wait meanwhile. */
export async function buildVectorIndexes(indexer: Indexer, generation: Generation): Promise<void> {
  await indexer.database.transaction(everything, async (session) => {
    await session.query("SET LOCAL statement_timeout = 0");
    await session.query("SELECT kb_build_vector_indexes($1, $2)", [generation.id, worthAnIndex]);
  });
}

/** Builds vector indexes, tells the planner what is stored, and on the embedded engine does what autovacuum does elsewhere. */
export async function finishBulk(indexer: Indexer, generation: Generation): Promise<void> {
  await buildVectorIndexes(indexer, generation);
  if (indexer.database.engine === "embedded") {
    await indexer.database.asOwner((session) =>
      session.script("VACUUM (ANALYZE) passages, postings, terms, indexed_items"),
    );
  } else {
    await indexer.database.transaction(everything, (session) =>
      session.query("SELECT kb_analyze($1)", [generation.id]),
    );
  }
}

/** Passages of a generation. */
export async function passageCount(indexer: Indexer, generation: Generation): Promise<number> {
  const { rows } = await indexer.database.transaction(everything, (session) =>
    session.query<{ n: number }>(
      "SELECT coalesce(sum(passages), 0)::int AS n FROM space_sizes WHERE generation_id = $1",
      [generation.id],
    ),
  );
  return rows[0]?.n ?? 0;
}

/** Brings a generation level with the memory: items it lacks, holds in an older form, or should hold no longer. */
export async function catchUp(
  indexer: Indexer,
  generation: Generation,
  progress: Progress = () => undefined,
  signal?: AbortSignal,
): Promise<number> {
  let done = 0;
  for (;;) {
    const gone = await indexer.database.transaction(everything, (session) =>
      orphanedItems(session, generation.id, batch),
    );
    // One at a time: a transaction that held one item's words while it waits for the next would meet a writer that waits the other way.
    for (const item of gone) {
      await indexer.database.transaction(everything, (session) => removeItem(session, generation.id, item));
    }
    const stale = await indexer.database.transaction(everything, (session) =>
      staleItems(session, generation.id, batch),
    );
    if (stale.length === 0 && gone.length === 0) return done;
    for (const { kind, id, space } of stale) {
      signal?.throwIfAborted();
      await indexer.indexStored(generation, kind, id, space);
      done += 1;
      progress("index", done, done + stale.length);
    }
  }
}

/** Whether another generation should answer: passages were made by another program, or for another embedder. */
export function needsRefill(indexer: Indexer, generation: Generation): boolean {
  return !isCurrent(generation, indexer.wanted);
}

const isCurrent = (generation: Generation, { name, version, dimensions }: Embedder) =>
  generation.chunkerVersion === pipelineVersion &&
  generation.embedder === name &&
  generation.embedderVersion === version &&
  generation.dimensions === dimensions;

async function dropFilling(indexer: Indexer): Promise<void> {
  await indexer.database.transaction(everything, async (session) => {
    const filling = await generationIn(session, "filling");
    if (filling !== undefined) await dropGeneration(session, filling.id);
  });
}

/**
 * Fills a second generation while the first answers, and switches when it is level. A filling generation of the wanted embedder
 * that a killed process left is continued.
 * @returns The generation that answers now
 * @throws InputError when nothing differs and `anew` is false
 */
export async function refill(
  indexer: Indexer,
  options: { anew?: boolean; progress?: Progress; signal?: AbortSignal } = {},
): Promise<Generation> {
  const filling = await wantedFilling(indexer, options.anew ?? false);
  await catchUp(indexer, filling, options.progress, options.signal);
  await finishBulk(indexer, filling);
  for (;;) {
    const switched = await indexer.database.transaction(everything, async (session) => {
      // Nothing may change between the last look and the switch.
      await session.query(
        "LOCK TABLE narrative_documents, narrative_concepts, story_events, facts IN SHARE ROW EXCLUSIVE MODE",
      );
      // Another replica that filled the same generation switched first.
      if ((await generationIn(session, "filling"))?.id !== filling.id) return true;
      if ((await staleItems(session, filling.id, 1)).length > 0) return false;
      await activateFilled(session, filling.id);
      return true;
    });
    if (switched) {
      indexer.switched();
      return { ...filling, state: "active" };
    }
    await catchUp(indexer, filling, options.progress, options.signal);
  }
}

async function wantedFilling(indexer: Indexer, anew: boolean): Promise<Generation> {
  const { wanted } = indexer;
  const active = await indexer.active();
  const filling = await indexer.database.transaction(canon, (session) => generationIn(session, "filling"));
  if (filling !== undefined && isCurrent(filling, wanted)) return filling;
  if (!anew && isCurrent(active, wanted)) {
    throw new InputError({
      path: "generation",
      given: `${active.embedder} ${active.embedderVersion}`,
      allowed: "another embedder or chunker than the one that answers, or --anew",
      where: "KB_EMBEDDER",
    });
  }
  await dropFilling(indexer);
  return indexer.database.transaction(everything, (session) => startGeneration(session, wanted, "filling"));
}
