import { setTimeout as sleep } from "node:timers/promises";
import { EmbeddingFailed } from "./embedder";

/** A failure that another attempt may cure. */
export class Transient extends Error {
  constructor(
    message: string,
    /** Milliseconds that the server asked for. */
    readonly retryAfterMs?: number,
  ) {
    super(message);
  }
}

const attempts = 5;
const firstWaitMs = 200;
const longestWaitMs = 10_000;

/** Tries again after transient failures with doubling, jittered waits. @throws EmbeddingFailed after five attempts */
export async function withRetries<T>(name: string, work: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await work();
    } catch (error) {
      if (!(error instanceof Transient)) throw error;
      if (attempt === attempts) throw new EmbeddingFailed(`${name}: ${error.message} (${attempts} attempts)`);
      const wait = Math.min(longestWaitMs, firstWaitMs * 2 ** (attempt - 1)) * (0.5 + Math.random() / 2);
      await sleep(Math.min(longestWaitMs, error.retryAfterMs ?? wait));
    }
  }
}
