import { join } from "node:path";
import type { Worker } from "node:worker_threads";
import { startRole } from "../../runtime/workers";

/** What a worker thread of this program can be. */
export type WorkerRole = "database" | "read";

/** Starts a worker thread of this program. */
export function startWorker(role: WorkerRole, data: Record<string, unknown>): Worker {
  return startRole(role, data, join(__dirname, "worker-start.ts"));
}
