import type { Worker } from "node:worker_threads";
import type { EmbeddedExtension, EmbeddedReply, EmbeddedRequest, EmbeddedWorkerData } from "./embedded-worker";
import { lockDirectory } from "./lock";
import {
  type Database,
  type DatabaseRules,
  DatabaseUnavailable,
  type OwnerSession,
  type QueryResult,
  type SqlValue,
} from "./types";

export interface EmbeddedOptions {
  /** Directory of the database; nothing is kept when absent. */
  readonly dataDir?: string;
  /** A request's statement that runs longer ends the worker, since PGlite does not heed statement_timeout. @default 30000 */
  readonly statementTimeoutMs?: number;
  /** Starts a worker thread that calls `runEmbeddedWorker` with this data: only the program knows what file that is. */
  readonly startWorker: (data: EmbeddedWorkerData) => Worker;
  /** Extensions of PostgreSQL that are loaded. @default none */
  readonly extensions?: readonly EmbeddedExtension[];
}

interface Waiting {
  resolve(reply: QueryResult<unknown>): void;
  reject(error: Error): void;
}

/** Opens PGlite in a worker thread. Transactions take turns: the engine has one connection. */
export async function openEmbedded<Scope>(
  options: EmbeddedOptions,
  rules: DatabaseRules<Scope>,
): Promise<Database<Scope>> {
  const release = options.dataDir === undefined ? () => undefined : lockDirectory(options.dataDir);
  try {
    const { dataDir = "", extensions = [] } = options;
    const link = new EmbeddedLink(() => options.startWorker({ dataDir, extensions }));
    await link.ready();
    return embeddedDatabase(link, rules, options.statementTimeoutMs ?? 30_000, release);
  } catch (error) {
    release();
    throw error;
  }
}

function embeddedDatabase<Scope>(
  link: EmbeddedLink,
  rules: DatabaseRules<Scope>,
  timeoutMs: number,
  release: () => void,
): Database<Scope> {
  let turn: Promise<unknown> = Promise.resolve();
  const inTurn = <T>(work: () => Promise<T>): Promise<T> => {
    const mine = turn.then(work, work);
    turn = mine.catch(() => undefined);
    return mine;
  };
  const session = (limitMs: number | undefined): OwnerSession => ({
    query: (text, values = []) => link.send("query", text, values, limitMs) as Promise<QueryResult<never>>,
    prepared: (text, values) => link.send("prepared", text, values, limitMs) as Promise<QueryResult<never>>,
    script: async (text) => {
      await link.send("script", text, [], limitMs);
    },
  });
  return {
    engine: "embedded",
    transaction: (scope, work) =>
      inTurn(async () => {
        const mine = session(rules.unbounded?.(scope) ? undefined : timeoutMs);
        try {
          await mine.script(rules.opening(scope));
          const result = await work(mine);
          await mine.query("COMMIT");
          return result;
        } catch (error) {
          await mine.query("ROLLBACK").catch(() => undefined);
          throw error;
        }
      }),
    asOwner: (work) => inTurn(() => work(session(undefined))),
    async close() {
      await turn;
      await link.close();
      release();
    },
  };
}

/** The message channel to the worker; starts a new worker after one had to be ended. */
class EmbeddedLink {
  #worker: Worker | undefined;
  #waiting = new Map<number, Waiting>();
  #opened: Promise<unknown>;
  #next = 1;
  #closed = false;

  constructor(private readonly startWorker: () => Worker) {
    this.#opened = this.#start();
  }

  async ready(): Promise<void> {
    await this.#opened;
  }

  async send(
    kind: EmbeddedRequest["kind"],
    text: string,
    values: readonly SqlValue[],
    limitMs?: number,
  ): Promise<QueryResult<unknown>> {
    if (this.#closed) throw new DatabaseUnavailable("the embedded database is closed");
    if (this.#worker === undefined) this.#opened = this.#start();
    await this.#opened;
    const id = this.#next;
    this.#next += 1;
    const reply = new Promise<QueryResult<unknown>>((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject });
      this.#worker?.postMessage({ id, kind, text, values } satisfies EmbeddedRequest);
    });
    if (limitMs === undefined) return reply;
    const worker = this.#worker as Worker;
    const timer = setTimeout(() => void this.#end(worker, `a statement ran longer than ${limitMs} ms`), limitMs);
    return reply.finally(() => clearTimeout(timer));
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    if (this.#worker !== undefined) await this.send("close", "", []).catch(() => undefined);
    this.#closed = true;
    await this.#worker?.terminate();
  }

  #start(): Promise<unknown> {
    const worker = this.startWorker();
    this.#worker = worker;
    const opened = new Promise((resolve, reject) => this.#waiting.set(0, { resolve, reject }));
    worker.on("message", (reply: EmbeddedReply) => {
      const waiting = this.#waiting.get(reply.id);
      this.#waiting.delete(reply.id);
      if ("error" in reply) waiting?.reject(Object.assign(new Error(reply.error.message), reply.error));
      else waiting?.resolve({ rows: reply.rows, count: reply.count });
    });
    worker.on("error", (error) => void this.#end(worker, String(error)));
    worker.on("exit", () => void this.#end(worker, "the embedded database's thread ended"));
    return opened;
  }

  /** Ends a worker once; the exit of one that was replaced already changes nothing. */
  async #end(worker: Worker, why: string): Promise<void> {
    if (this.#worker !== worker) return;
    this.#worker = undefined;
    const waiting = [...this.#waiting.values()];
    this.#waiting.clear();
    for (const { reject } of waiting) reject(new DatabaseUnavailable(why));
    await worker.terminate();
  }
}
