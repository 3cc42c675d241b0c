import { runEmbeddedWorker } from "../../runtime/database/embedded-worker";
import { roleOfThread } from "../../runtime/workers";

/** Runs the embedded database when this is its thread; returns false in the main thread. */
export function runWorkerRole(): boolean {
  const role = roleOfThread();
  if (role === "database") void runEmbeddedWorker();
  return role !== undefined;
}
