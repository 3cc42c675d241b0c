import type { Clock } from "../publish/clock";

interface Timer {
  readonly due: number;
  readonly callback: () => void;
}

/** A clock that a test moves by hand. */
export class FakeClock implements Clock {
  private time = 0;
  private offset: number;
  private readonly timers = new Set<Timer>();

  /** @param start Wall clock at the beginning, milliseconds since 1970. */
  constructor(start = Date.UTC(2026, 10, 22, 12, 0, 0)) {
    this.offset = start;
  }

  mono(): number {
    return this.time;
  }

  wall(): number {
    return this.offset + this.time;
  }

  after(ms: number, callback: () => void): () => void {
    const timer = { due: this.time + ms, callback };
    this.timers.add(timer);
    return () => this.timers.delete(timer);
  }

  /** Sets the wall clock, as a time daemon does. */
  step(ms: number): void {
    this.offset += ms;
  }

  /** Lets time pass, running what is due in its order and letting promises settle in between. */
  async advance(ms: number): Promise<void> {
    const end = this.time + ms;
    for (;;) {
      const next = [...this.timers].filter(({ due }) => due <= end).sort((a, b) => a.due - b.due)[0];
      if (next === undefined) break;
      this.timers.delete(next);
      this.time = Math.max(this.time, next.due);
      next.callback();
      await settle();
    }
    this.time = end;
    await settle();
  }
}

/** Lets every promise that can settle do so. */
export function settle(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
