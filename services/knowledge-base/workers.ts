import { join } from "node:path";
import { isMainThread, Worker, workerData } from "node:worker_threads";

/** What a worker thread of this program can be. */
export type WorkerRole = "database" | "train";

const bundled = __filename.endsWith(".cjs");
/** Named here so that the bundler does not look for it. */
const transpiler = "tsx/cjs";

/**
 * Starts a worker thread of this program. In the bundle it runs the bundle itself again, which sees its role; from the
 * repository it runs `worker-start.ts` through tsx.
 */
export function startWorker(role: WorkerRole, data: Record<string, unknown>): Worker {
  const file = bundled ? __filename : join(__dirname, "worker-start.ts");
  return new Worker(file, {
    workerData: { ...data, role },
    execArgv: bundled ? [] : ["--require", require.resolve(transpiler)],
  });
}

/** The role of this thread, or undefined in the main thread and in threads of others. */
export function workerRole(): WorkerRole | undefined {
  return isMainThread ? undefined : (workerData as { role?: WorkerRole } | null)?.role;
}
