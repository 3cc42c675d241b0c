import { isMainThread, Worker, workerData } from "node:worker_threads";
import { hideWarnings } from "./warnings";

/** Named here so that the bundler does not look for it. */
const transpiler = "tsx/cjs";

/**
 * Starts a worker thread of a program. In a bundle it runs the bundle itself again, which sees its role; from the repository it
 * runs the given TypeScript file through tsx.
 * @param file The file that runs a thread's role when the program is not bundled
 */
export function startRole(role: string, data: Record<string, unknown>, file: string): Worker {
  const bundled = __filename.endsWith(".cjs");
  return new Worker(bundled ? __filename : file, {
    workerData: { ...data, role },
    execArgv: bundled ? [] : ["--require", require.resolve(transpiler)],
  });
}

/** The role of this thread, or undefined in the main thread and in threads of others. */
export function roleOfThread(): string | undefined {
  if (isMainThread) return undefined;
  hideWarnings();
  return (workerData as { role?: string } | null)?.role;
}
