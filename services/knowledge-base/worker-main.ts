import { runEmbeddedWorker } from "./database/embedded-worker";
import { runTrainer } from "./embedders/trainer";
import { workerRole } from "./workers";

/** Does this thread's work when it is one of the program's worker threads; returns false in the main thread. */
export function runWorkerRole(): boolean {
  const role = workerRole();
  if (role === "database") void runEmbeddedWorker();
  if (role === "train") void runTrainer();
  return role !== undefined;
}
