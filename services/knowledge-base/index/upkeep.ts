import type { Logger } from "../../../runtime/logger";
import type { Kit } from "../../../runtime/service";
import { described } from "../embedders/embedder";
import type { Indexer } from "./indexer";
import { buildVectorIndexes, catchUp, needsRefill, refill } from "./maintenance";

/** Quiet time after the start and after the last write before the index is brought level, in milliseconds. */
const settleMs = 30_000;

/** Keeps the index level with what is stored, some time after the service starts and after each write. @returns What a write calls */
export function startUpkeep(indexer: Indexer, { around, logger, onClose }: Kit): () => void {
  const stopping = new AbortController();
  let under: Promise<void> = Promise.resolve();
  let cancel = () => {};
  const soon = () => {
    cancel();
    cancel = around.timers.after(settleMs, () => {
      under = keepLevel(indexer, logger, stopping.signal).catch((error: unknown) => {
        if (!stopping.signal.aborted)
          logger.error({ err: error }, "upkeep failed; it is tried again after the next write");
      });
    });
  };
  const completed = completeEmbedder(indexer, logger, stopping.signal).then((did) => did && soon());
  onClose(async () => {
    stopping.abort();
    cancel();
    await completed;
    await under;
  });
  soon();
  return soon;
}

/** Brings the index level with what is stored, and makes another where the embedder or the program asks for one; the present answers meanwhile. */
export async function keepLevel(indexer: Indexer, logger: Logger, signal?: AbortSignal): Promise<void> {
  const active = await indexer.active();
  // A memory of an embedder that this process lacks answers nothing, so it need not be level.
  const usable = await indexer.embedderOf(active).catch((error: unknown) => {
    logger.warn({ generation: active.id }, error instanceof Error ? error.message : String(error));
    return undefined;
  });
  if (usable !== undefined) {
    await catchUp(indexer, active, undefined, signal);
    await buildVectorIndexes(indexer, active);
  }
  if (!needsRefill(indexer, active)) return;
  const embedder = described(indexer.wanted);
  logger.info({ generation: active.id, embedder }, "indexing everything anew; the present index answers meanwhile");
  const next = await refill(indexer, { signal });
  logger.info({ generation: next.id, embedder }, "the new index answers");
}

/**
 * Downloads what the chosen embedder lacks, and logs how large it is; where that fails, what there is goes on embedding.
 * @returns Whether there is another embedder now
 */
async function completeEmbedder(indexer: Indexer, logger: Logger, signal: AbortSignal): Promise<boolean> {
  let said = 0;
  try {
    const done = await indexer.complete((bytes, total) => {
      const tenth = total === undefined ? 0 : Math.floor((10 * bytes) / total);
      if (said > 0 && tenth < said) return;
      said = tenth + 1;
      logger.info({ bytes, total }, "downloading the sentence embedder");
    }, signal);
    if (done) logger.info({ embedder: described(indexer.wanted) }, "the sentence embedder is here");
    return done;
  } catch (error) {
    if (signal.aborted) return false;
    const reason = error instanceof Error ? error.message : String(error);
    logger.warn({ embedder: described(indexer.wanted) }, `no sentence embedder: ${reason}`);
    return false;
  }
}
