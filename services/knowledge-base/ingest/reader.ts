import { parentPort, type Worker } from "node:worker_threads";
import { InputError } from "../../../contracts/input-error";
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
  | { readonly kind: "pieces"; readonly document: StoredText };
type Reply = { readonly result?: unknown; readonly error?: string };

/** As {@link prepareDocument}; a large text is read by a worker thread, so that this one goes on answering. */
export function readDocument(raw: RawDocument): Promise<DocumentInput> {
  return read(raw.content, () => prepareDocument(raw), { kind: "prepare", raw });
}

/** As {@link documentPieces}, in the same way. */
export function readPieces({ title, content, mediaType }: StoredText): Promise<Piece[]> {
  const document = { title, content, mediaType };
  return read(content, () => documentPieces(document), { kind: "pieces", document });
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
    worker.on("message", ({ result, error }: Reply) => {
      const waiting = this.#waiting;
      this.#waiting = undefined;
      if (error === undefined) waiting?.resolve(result);
      else waiting?.reject(new Error(error));
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
      const result = job.kind === "prepare" ? prepareDocument(job.raw) : documentPieces(job.document);
      parentPort?.postMessage({ result });
    } catch (error) {
      parentPort?.postMessage({ error: error instanceof Error ? error.message : String(error) });
    }
  });
}
