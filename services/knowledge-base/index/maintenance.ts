import { InputError } from "../../../contracts/input-error";
import { canon, everything, sqlState, sqlStates } from "../database/types";
import { saveModel, statisticalEmbedder, statisticalName } from "../embedders/statistical";
import { trainInWorker } from "../embedders/trainer";
import { loadIndexable } from "../items/indexable";
import {
  activateFilled,
  dropGeneration,
  type Generation,
  generationIn,
  orphanedItems,
  type StaleItem,
  staleItems,
} from "./generations";
import { type Indexer, pipelineVersion, startGeneration } from "./indexer";
import { removeItem } from "./writer";

/** Called as work goes on. */
export type Progress = (stage: string, done: number, total: number) => void;

/** Below this many passages an exact scan is faster than building and asking an HNSW index. */
const worthAnIndex = 1_000;
/** The statistical model is trained again when the corpus has this many times the passages it was trained on. */
const driftFactor = 2;
const batch = 200;

/** Builds the vector index once it pays, and on the embedded engine does what autovacuum does elsewhere. */
export async function finishBulk(indexer: Indexer, generation: Generation): Promise<void> {
  const passages = await passageCount(indexer, generation);
  if (passages >= worthAnIndex) {
    await indexer.database.transaction(everything, async (session) => {
      await session.query("SET LOCAL statement_timeout = 0");
      await session.query("SELECT kb_build_vector_index($1)", [generation.id]);
    });
  }
  if (indexer.database.engine === "embedded") {
    await indexer.database.asOwner((session) =>
      session.script("VACUUM (ANALYZE) passages, postings, terms, indexed_items"),
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
      await indexer.indexStored(generation, kind, id, space);
      done += 1;
      progress("index", done, done + stale.length);
    }
  }
}

/** Whether the statistical model knows too little of what is stored by now. */
export async function hasDrifted(indexer: Indexer, generation: Generation, coming = 0): Promise<boolean> {
  if (generation.embedder !== statisticalName || indexer.choice.kind !== "statistical") return false;
  const { rows } = await indexer.database.transaction(canon, (session) =>
    session.query<{ n: number }>("SELECT trained_on AS n FROM embedder_models WHERE version = $1", [
      generation.embedderVersion,
    ]),
  );
  const now = Math.max(coming, await passageCount(indexer, generation));
  return now >= 20 && now >= driftFactor * Math.max(1, rows[0]?.n ?? 0);
}

/** Whether another generation should answer: passages were made by an older program, or the statistical model knows too little. */
export async function needsRefill(indexer: Indexer, generation: Generation): Promise<boolean> {
  return generation.chunkerVersion !== pipelineVersion || (await hasDrifted(indexer, generation));
}

/** Trains the statistical embedder on texts, and makes a generation for it in the given state. */
async function newStatisticalGeneration(indexer: Indexer, texts: readonly string[], state: "filling" | "active") {
  const model = await trainInWorker(texts);
  return indexer.database.transaction(everything, async (session) => {
    await saveModel(session, model);
    return startGeneration(session, statisticalEmbedder(model), state);
  });
}

/**
 * Prepares an empty memory for a first ingestion: the model is trained on what is coming, so that nothing is embedded twice.
 * Does nothing where anything is indexed already or the embedder needs no training.
 */
export async function trainBeforeFirst(indexer: Indexer, texts: readonly string[]): Promise<void> {
  const active = await indexer.active();
  if ((await passageCount(indexer, active)) > 0 || !(await hasDrifted(indexer, active, texts.length))) return;
  await dropFilling(indexer);
  try {
    const made = await newStatisticalGeneration(indexer, texts, "filling");
    await indexer.database.transaction(everything, async (session) => {
      // Another ingestion may have put something in meanwhile.
      await session.query("LOCK TABLE narrative_documents IN SHARE ROW EXCLUSIVE MODE");
      if ((await staleItems(session, made.id, 1)).length > 0) return;
      await activateFilled(session, made.id);
      await dropGeneration(session, active.id);
    });
  } catch (error) {
    // Another ingestion trains for the same memory; its generation serves.
    if (sqlState(error) !== sqlStates.uniqueViolation) throw error;
  }
  indexer.switched();
}

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
 * @throws InputError when nothing differs and `retrain` is false
 */
export async function refill(
  indexer: Indexer,
  options: { retrain: boolean; progress?: Progress },
): Promise<Generation> {
  const filling = await wantedFilling(indexer, options.retrain);
  await catchUp(indexer, filling, options.progress);
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
    await catchUp(indexer, filling, options.progress);
  }
}

async function wantedFilling(indexer: Indexer, retrain: boolean): Promise<Generation> {
  const active = await indexer.active();
  const filling = await indexer.database.transaction(canon, (session) => generationIn(session, "filling"));
  if (indexer.choice.kind === "remote") {
    const { embedder } = indexer.choice;
    const same = (generation: Generation) =>
      generation.embedder === embedder.name &&
      generation.embedderVersion === embedder.version &&
      generation.chunkerVersion === pipelineVersion;
    if (filling !== undefined && same(filling)) return filling;
    if (same(active) && !retrain) throw nothingToDo(active);
    await dropFilling(indexer);
    return indexer.database.transaction(everything, (session) => startGeneration(session, embedder, "filling"));
  }
  if (filling?.embedder === statisticalName && filling.chunkerVersion === pipelineVersion) return filling;
  const stale = active.embedder !== statisticalName || active.chunkerVersion !== pipelineVersion;
  if (!retrain && !stale && !(await hasDrifted(indexer, active))) throw nothingToDo(active);
  await dropFilling(indexer);
  return newStatisticalGeneration(indexer, await allTexts(indexer), "filling");
}

function nothingToDo({ embedder, embedderVersion }: Generation): InputError {
  return new InputError({
    path: "generation",
    given: `${embedder} ${embedderVersion}`,
    allowed: "another embedder or chunker than the one that answers, or --retrain",
    where: "KB_EMBEDDER",
  });
}

/** What the statistical embedder learns from: every text that is searched. */
async function allTexts(indexer: Indexer): Promise<string[]> {
  const items = await indexer.database.transaction(everything, (session) =>
    session.query<StaleItem>("SELECT kind, id, space FROM indexable ORDER BY kind, id, space"),
  );
  const texts: string[] = [];
  for (const { kind, id, space } of items.rows) {
    const found = await indexer.database.transaction(everything, (session) => loadIndexable(session, kind, id, space));
    const pieces = (await found?.pieces()) ?? [];
    texts.push(...pieces.map(({ text }) => text));
  }
  return texts;
}
