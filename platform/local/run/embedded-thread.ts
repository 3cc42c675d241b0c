import { join } from "node:path";
import type { Worker } from "node:worker_threads";
import { type EmbeddedWorkerData, runEmbeddedWorker } from "../../../runtime/database/embedded-worker";
import { roleOfThread, startRole } from "../../../runtime/workers";

const role = "embedded-database-of-before";

/** Starts a thread that opens an embedded database. */
export const startEmbeddedThread = (data: EmbeddedWorkerData): Worker =>
  startRole(role, data, join(__dirname, "embedded-thread.ts"));

if (roleOfThread() === role) void runEmbeddedWorker();
