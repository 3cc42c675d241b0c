import type { MessagePort, Worker } from "node:worker_threads";
import { InputError, type InputProblem } from "../contracts/input-error";

/** An idle thread ends after this many milliseconds, and gives its memory back. */
const idleMs = 20_000;

interface Reply {
  readonly result?: unknown;
  readonly error?: string;
  readonly problem?: InputProblem;
}

interface Waiting {
  resolve(result: unknown): void;
  reject(error: Error): void;
}

/** One worker thread, which takes jobs in turn; started when there is one, ended when there is none for a while. */
export class WorkerThread<Job> {
  #worker: Worker | undefined;
  #turn: Promise<unknown> = Promise.resolve();
  #waiting: Waiting | undefined;
  #idle: NodeJS.Timeout | undefined;

  /**
   * @param start Starts the thread, whose side is {@link answerJobs}.
   * @param longestMs A job that takes longer ends with the thread, in milliseconds
   */
  constructor(
    private readonly start: () => Worker,
    private readonly longestMs: number,
  ) {}

  /** @param tooLong What a job ends with that takes too long. @throws InputError and Error as the thread's side does */
  ask(job: Job, tooLong: () => Error): Promise<unknown> {
    const mine = this.#turn.then(() => this.#run(job, tooLong));
    this.#turn = mine.catch(() => undefined);
    return mine;
  }

  async #run(job: Job, tooLong: () => Error): Promise<unknown> {
    clearTimeout(this.#idle);
    const worker = this.#start();
    worker.ref();
    const limit = setTimeout(() => this.#end(worker, tooLong()), this.longestMs);
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
    const worker = this.start();
    this.#worker = worker;
    worker.on("message", ({ result, error, problem }: Reply) => {
      const waiting = this.#waiting;
      this.#waiting = undefined;
      if (error === undefined) waiting?.resolve(result);
      else waiting?.reject(problem === undefined ? new Error(error) : new InputError(problem));
    });
    worker.on("error", (error) => this.#end(worker, error));
    worker.on("exit", () => this.#end(worker, new Error("the worker thread ended")));
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

/** The thread's side: does each job and answers with what came of it. */
export function answerJobs<Job>(port: MessagePort | null, work: (job: Job) => unknown): void {
  port?.on("message", (job: Job) => {
    try {
      port.postMessage({ result: work(job) });
    } catch (error) {
      const problem = InputError.isInstance(error) ? error.problem : undefined;
      port.postMessage({ error: error instanceof Error ? error.message : String(error), problem });
    }
  });
}
