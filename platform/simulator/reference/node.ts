/**
 * One GPU node, request by request and iteration by iteration, as vLLM's scheduler runs it (v1, chunked prefill): the reference
 * that the fast model of the simulator is fitted to. It knows nothing of the fast model.
 *
 * An iteration has a budget of tokens. Requests that run come first, each with its next token or the next part of its prompt;
 * what is left goes to waiting requests, in order. A request that needs KV blocks when none is free pushes the youngest running
 * request back into the queue, which computes its prompt and its answer so far again. A batch holds at most as many adapters as
 * the GPU has slots for; a request whose adapter has no slot is passed over. The iteration takes
 * `a + b x decoding requests + prompt tokens / prefill speed`.
 */

/** What a node is and how fast. */
export interface ReferenceSpeed {
  readonly itlBaseMs: number;
  readonly itlPerSequenceMs: number;
  readonly prefillTokensPerSecond: number;
  /** Requests that run at once at most. */
  readonly maxSequences: number;
  /** Tokens that the KV cache holds. */
  readonly kvTokens: number;
  /** Adapters that a batch may mix. */
  readonly adapterSlots: number;
}

/** One request of a trace that the reference replays. */
export interface ReferenceRequest {
  /** Seconds since the start. */
  readonly arrivedAt: number;
  readonly inputTokens: number;
  /** Leading tokens that the prefix cache holds: they take blocks, shared by requests of one adapter, and no time. */
  readonly cachedTokens: number;
  readonly outputTokens: number;
  readonly adapter: number;
}

/** What became of a request. */
export interface ReferenceAnswer {
  /** Milliseconds from arrival to the first token. */
  readonly firstTokenMs: number;
  /** Mean milliseconds between two tokens of the answer; 0 for a single token. */
  readonly interTokenMs: number;
  /** Seconds since the start. */
  readonly arrivedAt: number;
  readonly finishedAt: number;
}

/** Tokens of one iteration at most: vLLM's `max_num_batched_tokens` for online serving on GPUs of this size. */
export const batchedTokens = 2048;
/** Tokens of one KV block: vLLM's `block_size`. */
export const blockTokens = 16;
/** Milliseconds that an adapter takes from CPU memory to a slot: 27 MB at about 10 GB/s, and the call. */
const swapMs = 5;

interface Sequence {
  readonly request: ReferenceRequest;
  /** Tokens of prompt and answer whose keys and values are computed. */
  computed: number;
  /** Tokens that have to be computed before the next one can be drawn: the prompt, after a preemption the answer too. */
  target: number;
  generated: number;
  blocks: number;
  firstAt: number;
}

/** A node that serves; time passes with {@link advance}. */
export class ReferenceNode {
  readonly answers: ReferenceAnswer[] = [];
  preemptions = 0;
  /** Seconds of iterations, and integrals over time of requests that run and that wait, for means. */
  busySeconds = 0;
  runningSeconds = 0;
  waitingSeconds = 0;
  kvSeconds = 0;
  #now = 0;
  /** True while iterations repeat: see {@link #coast}. */
  #steady = false;
  #running: Sequence[] = [];
  #waiting: Sequence[] = [];
  /** Sequences of the running iteration, and the tokens of each. */
  readonly #scheduled: Sequence[] = [];
  readonly #granted: number[] = [];
  readonly #totalBlocks: number;
  #freeBlocks: number;
  /** Requests that run by adapter; an adapter without any keeps its slot until another needs it. */
  readonly #inUse = new Map<number, number>();
  readonly #resident: number[] = [];

  constructor(private readonly speed: ReferenceSpeed) {
    this.#totalBlocks = Math.floor(speed.kvTokens / blockTokens);
    this.#freeBlocks = this.#totalBlocks;
  }

  /** Requests that run or wait: what a balancer by least outstanding requests looks at. */
  get outstanding(): number {
    return this.#running.length + this.#waiting.length;
  }

  /** Seconds since the start up to which the node has run: the end of its last iteration. */
  get now(): number {
    return this.#now;
  }

  submit(request: ReferenceRequest): void {
    this.#steady = false;
    if (this.outstanding === 0 && this.#now < request.arrivedAt) this.#now = request.arrivedAt;
    const target = request.inputTokens;
    this.#waiting.push({ request, computed: 0, target, generated: 0, blocks: 0, firstAt: Number.NaN });
  }

  /** Runs iterations until one would begin at `until` or later, or nothing is left to do. */
  advance(until: number): void {
    while (this.#now < until && this.outstanding > 0) {
      if (this.#steady) this.#coast(until);
      else this.#iterate();
    }
  }

  /**
   * Runs all iterations at once that are like the last one: the same requests, each with its next token, until one is answered,
   * `until` is reached, or the KV blocks that they would take are not certain to be there.
   */
  #coast(until: number): void {
    this.#steady = false;
    const running = this.#running;
    const seconds = (this.speed.itlBaseMs + this.speed.itlPerSequenceMs * running.length) / 1000;
    let count = Math.ceil((until - this.#now) / seconds);
    for (const { request, generated } of running) count = Math.min(count, request.outputTokens - generated - 1);
    count = Math.min(count, Math.floor(this.#freeBlocks / running.length) * blockTokens);
    if (count < 2) {
      this.#iterate();
      return;
    }
    for (const sequence of running) {
      this.#grow(sequence, count);
      sequence.computed += count;
      sequence.target = sequence.computed + 1;
      sequence.generated += count;
    }
    this.#count(seconds * count);
    this.#now += seconds * count;
  }

  #iterate(): void {
    let budget = batchedTokens;
    let decoding = 0;
    let prompt = 0;
    let swaps = 0;
    let preempted = false;
    const scheduled = this.#scheduled;
    const granted = this.#granted;
    scheduled.length = 0;
    granted.length = 0;
    for (let index = 0; index < this.#running.length && budget > 0; index++) {
      const sequence = this.#running[index]!;
      const left = sequence.target - sequence.computed;
      const tokens = Math.min(Math.max(left, 1), budget);
      let fits = this.#grow(sequence, tokens);
      while (!fits) {
        const victim = this.#running.pop()!;
        this.#preempt(victim);
        preempted = true;
        if (victim === sequence) break;
        fits = this.#grow(sequence, tokens);
      }
      if (!fits) break;
      budget -= tokens;
      if (left > 1 || sequence.generated === 0) prompt += tokens;
      else decoding++;
      scheduled.push(sequence);
      granted.push(tokens);
    }
    for (let index = 0; !preempted && index < this.#waiting.length && budget > 0; ) {
      if (this.#running.length >= this.speed.maxSequences) break;
      const sequence = this.#waiting[index]!;
      const { adapter, cachedTokens } = sequence.request;
      if (!this.#hasSlot(adapter)) {
        index++;
        continue;
      }
      const fresh = !this.#inUse.has(adapter);
      const shared = Math.floor(Math.min(cachedTokens, sequence.target - 1) / blockTokens) * blockTokens;
      const tokens = Math.min(sequence.target - shared, budget);
      const prefixBlocks = fresh ? shared / blockTokens : 0;
      const blocks = Math.ceil(tokens / blockTokens);
      if (prefixBlocks + blocks > this.#freeBlocks) break;
      this.#freeBlocks -= prefixBlocks + blocks;
      sequence.blocks = blocks;
      sequence.computed = shared;
      if (this.#take(adapter)) swaps++;
      this.#waiting.splice(index, 1);
      this.#running.push(sequence);
      budget -= tokens;
      prompt += tokens;
      scheduled.push(sequence);
      granted.push(tokens);
    }
    const { itlBaseMs, itlPerSequenceMs, prefillTokensPerSecond } = this.speed;
    const seconds = (itlBaseMs + itlPerSequenceMs * decoding + swapMs * swaps) / 1000 + prompt / prefillTokensPerSecond;
    this.#count(seconds);
    this.#now += seconds;
    // Nothing but next tokens, and nobody was admitted: as long as this lasts the next iteration is the same.
    this.#steady = prompt === 0 && !preempted && scheduled.length === this.#running.length;
    for (let index = 0; index < scheduled.length; index++) this.#done(scheduled[index]!, granted[index]!);
  }

  #count(seconds: number): void {
    this.busySeconds += seconds;
    this.runningSeconds += seconds * this.#running.length;
    this.waitingSeconds += seconds * this.#waiting.length;
    this.kvSeconds += seconds * (1 - this.#freeBlocks / this.#totalBlocks);
  }

  #done(sequence: Sequence, tokens: number): void {
    const { request } = sequence;
    sequence.computed += tokens;
    if (sequence.computed < sequence.target) return;
    sequence.generated++;
    sequence.target = sequence.computed + 1;
    if (sequence.generated === 1) sequence.firstAt = this.#now;
    if (sequence.generated < request.outputTokens) return;
    this.#steady = false;
    this.#running.splice(this.#running.indexOf(sequence), 1);
    this.#release(sequence);
    this.answers.push({
      arrivedAt: request.arrivedAt,
      finishedAt: this.#now,
      firstTokenMs: (sequence.firstAt - request.arrivedAt) * 1000,
      interTokenMs: request.outputTokens < 2 ? 0 : ((this.#now - sequence.firstAt) * 1000) / (request.outputTokens - 1),
    });
  }

  /** Takes the blocks that a sequence's next tokens need; false when there are too few. */
  #grow(sequence: Sequence, tokens: number): boolean {
    const shared = Math.floor(Math.min(sequence.request.cachedTokens, sequence.target - 1) / blockTokens) * blockTokens;
    const needed = Math.ceil((sequence.computed + tokens - shared) / blockTokens) - sequence.blocks;
    if (needed > this.#freeBlocks) return false;
    if (needed > 0) {
      this.#freeBlocks -= needed;
      sequence.blocks += needed;
    }
    return true;
  }

  #preempt(sequence: Sequence): void {
    this.preemptions++;
    this.#release(sequence);
    sequence.target = sequence.request.inputTokens + sequence.generated;
    sequence.computed = 0;
    this.#waiting.unshift(sequence);
  }

  #hasSlot(adapter: number): boolean {
    return this.#inUse.has(adapter) || this.#inUse.size < this.speed.adapterSlots;
  }

  /** Counts a request of an adapter; true when the adapter has to be copied into a slot first. */
  #take(adapter: number): boolean {
    this.#inUse.set(adapter, (this.#inUse.get(adapter) ?? 0) + 1);
    if (this.#resident.includes(adapter)) return false;
    if (this.#resident.length >= this.speed.adapterSlots) {
      const idle = this.#resident.findIndex((other) => !this.#inUse.has(other));
      this.#resident.splice(Math.max(0, idle), 1);
    }
    this.#resident.push(adapter);
    return true;
  }

  #release(sequence: Sequence): void {
    this.#freeBlocks += sequence.blocks;
    sequence.blocks = 0;
    const { adapter, cachedTokens, inputTokens } = sequence.request;
    const left = (this.#inUse.get(adapter) ?? 1) - 1;
    if (left > 0) this.#inUse.set(adapter, left);
    else {
      this.#inUse.delete(adapter);
      this.#freeBlocks += Math.floor(Math.min(cachedTokens, inputTokens - 1) / blockTokens);
    }
  }
}
