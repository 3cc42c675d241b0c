import { join } from "node:path";
import type { Worker } from "node:worker_threads";
import type { EmbeddedWorkerData } from "../../runtime/database/embedded-worker";
import { startRole } from "../../runtime/workers";

/** Starts the thread of the embedded database. */
export const startDatabaseWorker = (data: EmbeddedWorkerData): Worker =>
  startRole("database", data, join(__dirname, "worker-start.ts"));
