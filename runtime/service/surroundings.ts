import { randomBytes } from "node:crypto";

/** Ends what a timer would still do. */
export type Cancel = () => void;

/**
 * All that a service takes from outside itself beside its database and its callers: time, timers, chance and outgoing calls. A service
 * asks these and never `Date.now()`, `setTimeout` or `Math.random()`, so that a test, or a whole platform in one process, can hand it
 * others.
 */
export interface Surroundings {
  readonly clock: {
    /** Milliseconds since 1970. */
    now(): number;
    /** Milliseconds of a clock that never runs back; only differences mean something. */
    monotonic(): number;
  };
  readonly timers: {
    /** Calls once after the milliseconds; such a timer keeps no process alive. */
    after(milliseconds: number, work: () => void): Cancel;
  };
  readonly random: {
    bytes(count: number): Buffer;
  };
  readonly fetch: typeof fetch;
}

/** The real ones. */
export const realSurroundings: Surroundings = {
  clock: { now: () => Date.now(), monotonic: () => performance.now() },
  timers: {
    after(milliseconds, work) {
      const timer = setTimeout(work, milliseconds);
      timer.unref();
      return () => clearTimeout(timer);
    },
  },
  random: { bytes: (count) => randomBytes(count) },
  fetch: (input, init) => fetch(input, init),
};

/** Waits; ends at once, without an error, when the signal is aborted. */
export function sleep({ timers }: Surroundings, milliseconds: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal?.aborted) return resolve();
    const cancel = timers.after(milliseconds, done);
    signal?.addEventListener("abort", done, { once: true });
    function done(): void {
      cancel();
      signal?.removeEventListener("abort", done);
      resolve();
    }
  });
}

/** Does work again and again, each time the milliseconds after it last ended, until it is cancelled. Work must not throw. */
export function every(around: Surroundings, milliseconds: number, work: () => Promise<void>): Cancel {
  let ended = false;
  let cancel: Cancel = () => undefined;
  const next = () => {
    cancel = around.timers.after(milliseconds, () => {
      void work().finally(() => {
        if (!ended) next();
      });
    });
  };
  next();
  return () => {
    ended = true;
    cancel();
  };
}

/** A UUID of version 7: sorts by the time at which it was made. Source: RFC 9562, 5.7. */
export function newId({ clock, random }: Surroundings): string {
  const bytes = random.bytes(16);
  bytes.writeUIntBE(clock.now(), 0, 6);
  bytes[6] = (bytes[6]! & 0x0f) | 0x70;
  bytes[8] = (bytes[8]! & 0x3f) | 0x80;
  const hex = bytes.toString("hex");
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join("-");
}
