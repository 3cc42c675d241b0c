import { randomUUID } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import type { Logger } from "../../runtime/logger";
import { type Engine, EngineError, type GenerationRequest } from "./engines/engine";
import type { ProgressWatch } from "./progress";

export interface SupervisorOptions {
  readonly engine: Engine;
  /** Loads what the engine must hold before it counts as up. */
  readonly prepare: () => Promise<void>;
  readonly onUp: () => void;
  readonly onDown: (reason: string) => void;
  /** Sees whether the engine makes progress; the host tells it of generations. */
  readonly watch: ProgressWatch;
  readonly logger: Logger;
  /** Milliseconds before the second start; doubled up to 30 s. @default 250 */
  readonly backoffMs?: number;
  /** Milliseconds that the model may take to answer the probe. @default 120000 */
  readonly probeMs?: number;
  /** Milliseconds without a request after which an engine of its own process is asked for a token. @default 2000 */
  readonly idleProbeMs?: number;
}

/** Milliseconds between two looks at the engine's progress. */
const lookMs = 250;
/** Tokens of the prompt whose reading is timed when the engine comes up; less where its context is small. */
const measuredTokens = 1_024;

const longestBackoffMs = 30_000;
/** An engine that lived this long has earned a fresh start of the backoff. */
const stableMs = 60_000;

/** Keeps an engine running: start, adapters, probe; when it is gone or hangs, again, with growing pauses. */
export class EngineSupervisor {
  #up = false;
  #restarts = 0;
  #failed = false;
  #hung = false;
  readonly #stop = new AbortController();
  #loop: Promise<void> = Promise.resolve();

  constructor(private readonly options: SupervisorOptions) {}

  get up(): boolean {
    return this.#up;
  }

  get restarts(): number {
    return this.#restarts;
  }

  /** True when the first start failed, or an engine inside this process hangs: no restart of the engine mends that. */
  get failed(): boolean {
    return this.#failed || this.#hung;
  }

  /** Starts the engine. @throws what the first start throws, since that is a matter of configuration */
  async start(): Promise<void> {
    await this.#bringUp().catch((error) => {
      this.#failed = true;
      throw error;
    });
    this.#loop = this.#keepUp();
    void this.#watch();
  }

  async stop(): Promise<void> {
    this.#stop.abort();
    await this.options.engine.stop();
    await this.#loop;
  }

  async #bringUp(): Promise<void> {
    const { engine, prepare, onUp } = this.options;
    await engine.start(this.#stop.signal);
    await prepare();
    await this.#ask("ping");
    this.options.watch.restart(await this.#measure());
    this.#up = true;
    onUp();
  }

  async #keepUp(): Promise<void> {
    const { engine, onDown, logger, backoffMs = 250 } = this.options;
    const signal = this.#stop.signal;
    let pause = backoffMs;
    let upSince = performance.now();
    while (!signal.aborted) {
      if (this.#up) {
        const reason = await engine.gone();
        this.#up = false;
        if (signal.aborted) return;
        if (performance.now() - upSince > stableMs) pause = backoffMs;
        this.#restarts++;
        logger.error({ reason, restarts: this.#restarts }, "the engine is gone; starting it again");
        onDown(reason);
      }
      await sleep(pause, undefined, { signal }).catch(() => undefined);
      pause = Math.min(longestBackoffMs, pause * 2);
      if (signal.aborted) return;
      try {
        await this.#bringUp();
        upSince = performance.now();
      } catch (error) {
        if (!signal.aborted) logger.error({ err: error, nextTryMs: pause }, "the engine did not start");
      }
    }
  }

  /** Looks a few times a second whether the engine makes progress, and asks it for a token while nobody else does. */
  async #watch(): Promise<void> {
    const { engine, watch, idleProbeMs = 2_000 } = this.options;
    const { signal } = this.#stop;
    let probing = false;
    while (!signal.aborted) {
      await sleep(lookMs, undefined, { ref: false });
      if (!this.#up || this.#hung) continue;
      watch.look(engine.stats().progress);
      if (watch.hung) this.#endHung(`no token for ${(watch.silentMs / 1000).toFixed(1)} s while it has work`);
      else if (engine.endHung !== undefined && !probing && watch.idleMs > idleProbeMs) {
        probing = true;
        const probe = watch.begin(1);
        void this.#ask("ping")
          .catch(() => undefined)
          .finally(() => {
            probe.end();
            probing = false;
          });
      }
    }
  }

  #endHung(reason: string): void {
    const { engine, onDown, logger } = this.options;
    if (engine.endHung?.(reason) === true) return;
    logger.error({ reason }, "the engine hangs, and ending it is not in this host's hands");
    if (engine.endHung !== undefined) return;
    this.#hung = true;
    onDown(reason);
  }

  /** How long the model takes to read a prompt; nothing known of an engine inside this process, whose start must not wait for that. */
  async #measure(): Promise<{ readonly tokens: number; readonly ms: number }> {
    const { engine } = this.options;
    const words = Math.min(measuredTokens, Math.floor(engine.capacity().contextTokens / 8));
    if (engine.endHung === undefined) return { tokens: 1, ms: 0 };
    const startedAt = performance.now();
    try {
      // A new beginning each time: what the engine has seen before it need not read again.
      const tokens = await this.#ask(`${randomUUID()}${" word".repeat(words)}`);
      return { tokens: Math.max(1, tokens), ms: performance.now() - startedAt };
    } catch (error) {
      if (!(error instanceof EngineError) || error.engineGone) throw error;
      return { tokens: 1, ms: 0 };
    }
  }

  /** The model must answer one token before anyone else may ask it. @returns Tokens of the prompt */
  async #ask(content: string): Promise<number> {
    const { engine, probeMs = 120_000 } = this.options;
    const request: GenerationRequest = {
      kind: "chat",
      body: { messages: [{ role: "user", content }], temperature: 0 },
      adapter: undefined,
      publicModel: engine.baseModel,
      mostTokens: 1,
      requestId: "probe",
      trace: {},
    };
    const signal = AbortSignal.any([this.#stop.signal, AbortSignal.timeout(probeMs)]);
    return (await engine.complete(request, signal)).usage.promptTokens;
  }
}
