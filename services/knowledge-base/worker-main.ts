import { runEmbeddedWorker } from "../../runtime/database/embedded-worker";
import { roleOfThread } from "../../runtime/workers";
import { runReader } from "./ingest/reader";
import type { WorkerRole } from "./workers";

const roles: Readonly<Record<WorkerRole, () => unknown>> = {
  database: runEmbeddedWorker,
  read: runReader,
};

/** Does this thread's work when it is one of the program's own worker threads; returns false in any other. */
export function runWorkerRole(): boolean {
  const role = roleOfThread();
  if (role === undefined || !Object.hasOwn(roles, role)) return false;
  void roles[role as WorkerRole]();
  return true;
}
