import { parentPort, type Worker } from "node:worker_threads";
import { InputError, type InputProblem } from "../../../contracts/input-error";
import { startWorker } from "../workers";
import {
  type DocumentInput,
  documentPieces,
  type Piece,
  prepareDocument,
  type RawDocument,
  type StoredText,
} from "./prepare";

/** Characters that are read on the thread that asks: few enough that nobody waits. */
const smallText = 16_384;
/** A text that takes longer is refused, in milliseconds. */
const longestRead = 30_000;
/** An idle thread ends after this many milliseconds, and gives its memory back. */
const idleMs = 20_000;

type Job =
  | { readonly kind: "prepare"; readonly raw: RawDocument }
  | { readonly kind: "pieces"; readonly document: StoredText }
  | { readonly kind: "body"; readonly bytes: Uint8Array };
type Reply = { readonly result?: unknown; readonly error?: string; readonly problem?: InputProblem };

/** As {@link prepareDocument}; a large text is read by a worker thread, so that this one goes on answering. */
export function readDocument(raw: RawDocument): Promise<DocumentInput> {
  return read(raw.content, () => prepareDocument(raw), { kind: "prepare", raw });
}

/** As {@link documentPieces}, in the same way. */
export function readPieces({ title, content, mediaType }: StoredText): Promise<Piece[]> {
  const document = { title, content, mediaType };
  return read(content, () => documentPieces(document), { kind: "pieces", document });
}

/**
 * The JSON of a large request, which holds texts alone; read by the worker thread.
 * @throws InputError for what is no JSON object of a few texts
 */
export function readBody(bytes: Uint8Array): Promise<unknown> {
  thread ??= new ReadingThread();
  return thread.ask({ kind: "body", bytes }, bytes.length);
}

async function read<T>(content: string, here: () => T, job: Job): Promise<T> {
  if (content.length <= smallText) return here();
  thread ??= new ReadingThread();
  return thread.ask(job, content.length) as Promise<T>;
}

let thread: ReadingThread | undefined;

interface Waiting {
  resolve(result: unknown): void;
  reject(error: Error): void;
}

/** One worker thread, which takes jobs in turn; started when there is one, ended when there is none for a while. */
class ReadingThread {
  #worker: Worker | undefined;
  #turn: Promise<unknown> = Promise.resolve();
  #waiting: Waiting | undefined;
  #idle: NodeJS.Timeout | undefined;

  /** @throws InputError for a text that takes too long */
  ask(job: Job, characters: number): Promise<unknown> {
    const mine = this.#turn.then(() => this.#run(job, characters));
    this.#turn = mine.catch(() => undefined);
    return mine;
  }

  async #run(job: Job, characters: number): Promise<unknown> {
    clearTimeout(this.#idle);
    const worker = this.#start();
    worker.ref();
    const limit = setTimeout(
      () =>
        this.#end(
          worker,
          new InputError({
            path: "content",
            given: `${characters} characters`,
            allowed: `a text that can be read within ${longestRead / 1000} s`,
          }),
        ),
      longestRead,
    );
    try {
      return await new Promise<unknown>((resolve, reject) => {
        this.#waiting = { resolve, reject };
        worker.postMessage(job);
      });
    } finally {
      clearTimeout(limit);
      worker.unref();
      this.#idle = setTimeout(() => this.#end(worker, new Error("idle")), idleMs).unref();
    }
  }

  #start(): Worker {
    if (this.#worker !== undefined) return this.#worker;
    const worker = startWorker("read", {});
    this.#worker = worker;
    worker.on("message", ({ result, error, problem }: Reply) => {
      const waiting = this.#waiting;
      this.#waiting = undefined;
      if (error === undefined) waiting?.resolve(result);
      else waiting?.reject(problem === undefined ? new Error(error) : new InputError(problem));
    });
    worker.on("error", (error) => this.#end(worker, error));
    worker.on("exit", () => this.#end(worker, new Error("the reading thread ended")));
    return worker;
  }

  #end(worker: Worker, why: Error): void {
    if (this.#worker !== worker) return;
    this.#worker = undefined;
    this.#waiting?.reject(why);
    this.#waiting = undefined;
    void worker.terminate();
  }
}

/** The worker's side. */
export function runReader(): void {
  parentPort?.on("message", (job: Job) => {
    try {
      parentPort?.postMessage({ result: resultOf(job) });
    } catch (error) {
      const problem = InputError.isInstance(error) ? error.problem : undefined;
      parentPort?.postMessage({ error: error instanceof Error ? error.message : String(error), problem });
    }
  });
}

function resultOf(job: Job): unknown {
  if (job.kind === "prepare") return prepareDocument(job.raw);
  return job.kind === "pieces" ? documentPieces(job.document) : flatJson(job.bytes);
}

/** More would take the thread that asked as long to receive as to read. */
const mostProperties = 20;

function flatJson(bytes: Uint8Array): unknown {
  const body: unknown = parsed(Buffer.from(bytes).toString("utf8"));
  const values = typeof body === "object" && body !== null && !Array.isArray(body) ? Object.values(body) : undefined;
  const flat = values?.every((value) => typeof value !== "object" || value === null) ?? false;
  if (!flat || (values?.length ?? 0) > mostProperties || Object.hasOwn(body as object, "__proto__")) {
    throw new InputError({
      path: "body",
      given: `${bytes.length} bytes`,
      allowed: "an object of a few texts, where it is that large",
    });
  }
  return body;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new InputError({ path: "body", given: `${text.length} characters`, allowed: "JSON" });
  }
}
