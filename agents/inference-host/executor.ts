import type { AdapterManager } from "./adapters/manager";
import type { Priority } from "./admission/fair-queue";
import { AdapterUnavailable, type Lease, type Scheduler } from "./admission/scheduler";
import {
  type Completion,
  type Engine,
  EngineError,
  type EventSink,
  type RequestBody,
  type Usage,
} from "./engines/engine";
import type { HostMetrics } from "./metrics";
import type { Generation, ProgressWatch } from "./progress";

/** One piece of work for the engine, after its model name has been resolved. */
export interface Job {
  readonly kind: "chat" | "completion" | "embedding";
  readonly body: RequestBody;
  /** Archetype, or `base`. */
  readonly lane: string;
  /** Adapter by its public name; undefined for the base model. */
  readonly adapter: string | undefined;
  readonly requestId: string;
  readonly trace: Readonly<Record<string, string>>;
  readonly priority: Priority;
  /** Tokens to generate at most: the client's limit, or the host's. */
  readonly mostTokens: number;
  readonly expectedTokens: number;
  /** A guess at the tokens of its prompt. @default the model's whole context */
  readonly promptTokens?: number;
  readonly deadlineMs: number;
  readonly signal: AbortSignal;
  /** True for a later step of work that was accepted before. */
  readonly accepted?: boolean;
  /** Told once a slot is there: how long it took, and why an adapter was not used after all. */
  readonly onStart?: (start: { readonly waitedMs: number; readonly model: string; readonly fallback?: string }) => void;
}

/** Attempts at one request when the engine dies under it before anything was sent. */
const maxAttempts = 4;

/** Runs jobs: slot, engine, retry while nothing was sent, fallback to the base model, figures. */
export class Executor {
  constructor(
    private readonly scheduler: Scheduler,
    private readonly engine: Engine,
    private readonly adapters: AdapterManager,
    private readonly metrics: HostMetrics,
    private readonly watch: ProgressWatch,
  ) {}

  /** Streams an answer's events. The promise resolves after the last one. */
  stream(job: Job, sink: EventSink): Promise<Usage> {
    const admittedAt = performance.now();
    const interToken = this.metrics.interToken(job.lane);
    let last = 0;
    const timed: EventSink = (event, tokens) => {
      if (tokens > 0) {
        const now = performance.now();
        if (last === 0) this.metrics.firstToken(job.lane, (now - admittedAt) / 1000);
        else interToken((now - last) / 1000);
        last = now;
      }
      sent = true;
      return sink(event, tokens);
    };
    let sent = false;
    return this.#withSlot(
      job,
      () => sent,
      async (lease, publicModel, { token }) => {
        const { body, requestId, trace, signal, mostTokens } = job;
        const kind = job.kind === "completion" ? "completion" : "chat";
        return this.engine.stream(
          { kind, body, adapter: lease.engineName, publicModel, mostTokens, requestId, trace },
          (event, tokens) => {
            token();
            return timed(event, tokens);
          },
          signal,
        );
      },
      (usage) => usage,
    );
  }

  /** Answers in one piece. */
  complete(job: Job): Promise<Completion> {
    const { body, requestId, trace, signal, kind, mostTokens } = job;
    return this.#withSlot(
      job,
      () => false,
      (lease, publicModel) =>
        kind === "embedding"
          ? this.engine.embed({ body, publicModel, requestId, trace }, signal)
          : this.engine.complete(
              { kind, body, adapter: lease.engineName, publicModel, mostTokens, requestId, trace },
              signal,
            ),
      ({ usage }) => usage,
    );
  }

  async #withSlot<Result>(
    job: Job,
    sent: () => boolean,
    work: (lease: Lease, publicModel: string, generation: Generation) => Promise<Result>,
    usageOf: (result: Result) => Usage,
  ): Promise<Result> {
    const startedAt = performance.now();
    let adapter = job.adapter;
    let fallback: string | undefined;
    for (let attempt = 1; ; attempt++) {
      const left = job.deadlineMs - (performance.now() - startedAt);
      let lease: Lease;
      try {
        lease = await this.scheduler.submit({
          lane: job.lane,
          priority: job.priority,
          cost: job.expectedTokens,
          adapter,
          deadlineMs: Math.max(1, left),
          signal: job.signal,
          accepted: job.accepted === true || attempt > 1,
        });
      } catch (error) {
        if (!(error instanceof AdapterUnavailable)) throw error;
        fallback = error.message;
        adapter = undefined;
        this.metrics.fellBack(job.lane);
        continue;
      }
      this.metrics.waited(job.lane, lease.waitedMs / 1000);
      const publicModel = adapter ?? this.engine.baseModel;
      let tokens = 0;
      const generation = this.watch.begin(job.promptTokens ?? this.engine.capacity().contextTokens);
      try {
        job.onStart?.({
          waitedMs: lease.waitedMs,
          model: publicModel,
          ...(fallback === undefined ? {} : { fallback }),
        });
        const result = await work(lease, publicModel, generation);
        const usage = usageOf(result);
        tokens = usage.promptTokens + usage.completionTokens;
        this.metrics.tokens(job.lane, usage.promptTokens, usage.completionTokens);
        return result;
      } catch (error) {
        const again = error instanceof EngineError && !sent() && !job.signal.aborted && attempt < maxAttempts;
        const lostAdapter = error instanceof EngineError && error.status === 404 && lease.engineName !== undefined;
        if (lostAdapter) this.adapters.forget(lease.engineName!);
        if (!again || !(error.engineGone || lostAdapter)) throw error;
      } finally {
        generation.end();
        lease.release(tokens);
      }
    }
  }
}
