import type { Kit } from "../../../runtime/service";
import type { Indexer } from "./indexer";
import { catchUp, needsRefill, refill } from "./maintenance";

/** Quiet time after the last write before the statistical embedder's drift is looked at, in milliseconds. */
const settleMs = 30_000;

/** Keeps the index level with what is stored, some time after the service starts and after each write. @returns What a write calls */
export function startUpkeep(indexer: Indexer, { around, logger, onClose }: Kit): () => void {
  let under: Promise<void> = Promise.resolve();
  let cancel = () => {};
  const soon = () => {
    cancel();
    cancel = around.timers.after(settleMs, () => {
      under = keepUp().catch((error: unknown) =>
        logger.error({ err: error }, "upkeep failed; it is tried again after the next write"),
      );
    });
  };
  async function keepUp(): Promise<void> {
    const active = await indexer.active();
    await catchUp(indexer, active);
    if (!(await needsRefill(indexer, active))) return;
    logger.info({ generation: active.id }, "indexing everything anew; the present index answers meanwhile");
    const next = await refill(indexer, { retrain: false });
    logger.info({ generation: next.id }, "the new index answers");
  }
  onClose(async () => {
    cancel();
    await under;
  });
  soon();
  return soon;
}
