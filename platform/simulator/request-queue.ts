/** What happened to requests in one step; the same object is filled again and again. */
export interface StepOutcome {
  /** Requests that left the queue into a batch. */
  admitted: number;
  /** Requests that were given up because they had waited too long. */
  gaveUp: number;
  /** Of the admitted, how many waited at most the limit. */
  withinLimit: number;
}

/** Takes a number of admitted requests with the wait of each, seconds. */
export type WaitSink = (count: number, waitSeconds: number) => void;

/**
 * Requests of one tier that wait for a place in a batch: first in, first out, as a fluid. Arrivals of a step are spread evenly
 * over it, so that the wait of every request follows from two straight lines: when it came and when its place is free.
 */
export class RequestQueue {
  /** Requests that wait now. */
  length = 0;
  /** Step start, size and what is left of every group of arrivals, oldest first, from #head up to #tail. */
  readonly #start: number[] = [];
  readonly #size: number[] = [];
  readonly #left: number[] = [];
  #head = 0;
  #tail = 0;

  constructor(private readonly patienceSeconds: number) {}

  /**
   * One step: arrivals come in, up to `capacity` requests are admitted, whoever has waited too long leaves.
   * @param limitSeconds Wait that counts as within the limit. @param sink Gets the waits of the admitted.
   */
  step(
    now: number,
    dt: number,
    arrivals: number,
    capacity: number,
    limitSeconds: number,
    outcome: StepOutcome,
    sink: WaitSink,
  ): void {
    outcome.admitted = 0;
    outcome.gaveUp = 0;
    outcome.withinLimit = 0;
    if (arrivals > 0) {
      this.#start[this.#tail] = now;
      this.#size[this.#tail] = arrivals;
      this.#left[this.#tail] = arrivals;
      this.#tail++;
      this.length += arrivals;
    }
    if (this.length > 0) {
      this.#expire(now, outcome);
      this.#admit(now, dt, capacity, limitSeconds, outcome, sink);
    }
  }

  #expire(now: number, outcome: StepOutcome): void {
    while (this.#head < this.#tail && now - this.#start[this.#head]! >= this.patienceSeconds) {
      outcome.gaveUp += this.#left[this.#head]!;
      this.length -= this.#left[this.#head]!;
      this.#head++;
    }
    this.#compact();
  }

  #admit(now: number, dt: number, capacity: number, limit: number, outcome: StepOutcome, sink: WaitSink): void {
    let used = 0;
    while (this.#head < this.#tail && used < capacity) {
      const left = this.#left[this.#head]!;
      const size = this.#size[this.#head]!;
      const take = Math.min(left, capacity - used);
      const came = this.#start[this.#head]! + dt * ((size - left) / size);
      const cameLast = came + dt * (take / size);
      const first = Math.max(0, now + dt * (used / capacity) - came);
      const last = Math.max(0, now + dt * ((used + take) / capacity) - cameLast);
      used += take;
      outcome.withinLimit += take * shareWithin(first, last, limit);
      if (Math.abs(first - last) < 0.05) sink(take, (first + last) / 2);
      else for (let quarter = 0.125; quarter < 1; quarter += 0.25) sink(take / 4, first + (last - first) * quarter);
      if (take === left) this.#head++;
      else this.#left[this.#head] = left - take;
    }
    outcome.admitted = used;
    this.length = this.#head === this.#tail ? 0 : this.length - used;
    this.#compact();
  }

  /** Begins the lists anew where they are used up, and moves them to their beginning now and then. */
  #compact(): void {
    if (this.#head === this.#tail) {
      this.#head = 0;
      this.#tail = 0;
    } else if (this.#head > 64) {
      for (const list of [this.#start, this.#size, this.#left]) list.copyWithin(0, this.#head, this.#tail);
      this.#tail -= this.#head;
      this.#head = 0;
    }
  }
}

/** Share of a value that runs evenly from `first` to `last` that is at most `limit`. */
function shareWithin(first: number, last: number, limit: number): number {
  const low = Math.min(first, last);
  const high = Math.max(first, last);
  if (high <= limit) return 1;
  if (low >= limit) return 0;
  return (limit - low) / (high - low);
}
