import { runEmbeddedWorker } from "../../runtime/database/embedded-worker";
import { roleOfThread } from "../../runtime/workers";
import { runTrainer } from "./embedders/trainer";
import { runReader } from "./ingest/reader";

/** Does this thread's work when it is one of the program's worker threads; returns false in the main thread. */
export function runWorkerRole(): boolean {
  const role = roleOfThread();
  if (role === "database") void runEmbeddedWorker();
  if (role === "train") void runTrainer();
  if (role === "read") runReader();
  return role !== undefined;
}
