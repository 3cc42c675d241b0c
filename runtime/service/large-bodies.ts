import { join } from "node:path";
import { parentPort } from "node:worker_threads";
import { InputError } from "../../contracts/input-error";
import { answerJobs, WorkerThread } from "../worker-thread";
import { roleOfThread, startRole } from "../workers";

/** Bytes of a body that the thread which answers everybody reads itself, in a few milliseconds; larger ones are read by a worker thread. */
export const smallBody = 1_048_576;

const role = "kit:body";
/** A body that takes longer is refused, in milliseconds. */
const longestMs = 30_000;
/** More would take the thread that asked as long to receive as to read. */
const mostProperties = 20;

let thread: WorkerThread<Uint8Array> | undefined;

/**
 * The JSON of a large body, which holds a few texts alone; read by a worker thread, so that others are answered meanwhile.
 * @throws InputError for what is no JSON object of a few texts
 */
export function readLargeBody(bytes: Uint8Array): Promise<unknown> {
  thread ??= new WorkerThread(() => startRole(role, {}, join(__dirname, "body-thread.ts")), longestMs);
  return thread.ask(bytes, () => refuse(bytes.length, `JSON that can be read within ${longestMs / 1000} s`));
}

/** Reads bodies where this thread was started for that. @returns False in any other thread */
export function runBodyThread(): boolean {
  if (roleOfThread() !== role) return false;
  answerJobs(parentPort, flatJson);
  return true;
}

function flatJson(bytes: Uint8Array): unknown {
  const body: unknown = parsed(bytes);
  const values = typeof body === "object" && body !== null && !Array.isArray(body) ? Object.values(body) : undefined;
  const flat = values?.every((value) => typeof value !== "object" || value === null) ?? false;
  if (!flat || (values?.length ?? 0) > mostProperties || Object.hasOwn(body as object, "__proto__")) {
    throw refuse(bytes.length, "an object of a few texts, where it is that large");
  }
  return body;
}

function parsed(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(Buffer.from(bytes).toString("utf8"));
  } catch {
    throw refuse(bytes.length, "JSON");
  }
}

function refuse(bytes: number, allowed: string): InputError {
  return new InputError({ path: "body", given: `${bytes} bytes`, allowed });
}
