import type { IncomingHttpHeaders } from "node:http";
import { problem } from "./problems";
import type { Surroundings } from "./surroundings";

/** The header in which a caller says for how many milliseconds an answer is of use to it. */
export const deadlineHeader = "x-deadline-ms";

/** Until when an answer is of use, by the clock that never runs back; it aborts its signal then. */
export interface Deadline {
  readonly signal: AbortSignal;
  /** Milliseconds left, 0 at least. */
  leftMs(): number;
  /** Ends the timer. */
  done(): void;
  /** Aborts with another reason: the caller is gone, or the service stops. */
  abort(reason: unknown): void;
}

const most = 3_600_000;

/**
 * The deadline of a request: what its caller says, else the route's own.
 * @throws Problem 400 for a header that is not a whole number of milliseconds
 */
export function deadlineOf(headers: IncomingHttpHeaders, ownMs: number, around: Surroundings): Deadline {
  const given = headers[deadlineHeader];
  if (given !== undefined && !/^\d{1,9}$/.test(String(given))) {
    throw problem("invalid-request", `${deadlineHeader} is a whole number of milliseconds`);
  }
  const ms = Math.min(given === undefined ? ownMs : Number(given), most);
  const controller = new AbortController();
  const end = around.clock.monotonic() + ms;
  const cancel = around.timers.after(ms, () =>
    controller.abort(problem("deadline-exceeded", `no answer within ${ms} ms`)),
  );
  return {
    signal: controller.signal,
    leftMs: () => Math.max(0, Math.floor(end - around.clock.monotonic())),
    done: cancel,
    abort: (reason) => controller.abort(reason),
  };
}

/** Waits for work until the signal is aborted; the work itself goes on. @throws the signal's reason */
export function untilAborted<T>(signal: AbortSignal, work: Promise<T>): Promise<T> {
  if (signal.aborted) return Promise.reject(signal.reason as Error);
  return new Promise((resolve, reject) => {
    const give = () => reject(signal.reason as Error);
    signal.addEventListener("abort", give, { once: true });
    work.then(resolve, reject).finally(() => signal.removeEventListener("abort", give));
  });
}
