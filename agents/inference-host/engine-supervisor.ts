import { setTimeout as sleep } from "node:timers/promises";
import type { Logger } from "../../runtime/logger";
import type { Engine } from "./engines/engine";

export interface SupervisorOptions {
  readonly engine: Engine;
  /** Loads what the engine must hold before it counts as up. */
  readonly prepare: () => Promise<void>;
  readonly onUp: () => void;
  readonly onDown: (reason: string) => void;
  readonly logger: Logger;
  /** Milliseconds before the second start; doubled up to 30 s. @default 250 */
  readonly backoffMs?: number;
  /** Milliseconds that the model may take to answer the probe. @default 120000 */
  readonly probeMs?: number;
}

const longestBackoffMs = 30_000;
/** An engine that lived this long has earned a fresh start of the backoff. */
const stableMs = 60_000;

/** Keeps an engine running: start, adapters, probe; when it is gone, again, with growing pauses. */
export class EngineSupervisor {
  #up = false;
  #restarts = 0;
  #failed = false;
  readonly #stop = new AbortController();
  #loop: Promise<void> = Promise.resolve();

  constructor(private readonly options: SupervisorOptions) {}

  get up(): boolean {
    return this.#up;
  }

  get restarts(): number {
    return this.#restarts;
  }

  /** True when the first start failed, which no restart of the engine mends. */
  get failed(): boolean {
    return this.#failed;
  }

  /** Starts the engine. @throws what the first start throws, since that is a matter of configuration */
  async start(): Promise<void> {
    await this.#bringUp().catch((error) => {
      this.#failed = true;
      throw error;
    });
    this.#loop = this.#keepUp();
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
    await this.#probe();
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

  /** The model must answer one token before anyone else may ask it. */
  async #probe(): Promise<void> {
    const { engine, probeMs = 120_000 } = this.options;
    await engine.complete(
      {
        kind: "chat",
        body: { messages: [{ role: "user", content: "ping" }], temperature: 0 },
        adapter: undefined,
        publicModel: engine.baseModel,
        mostTokens: 1,
        requestId: "probe",
        trace: {},
      },
      AbortSignal.any([this.#stop.signal, AbortSignal.timeout(probeMs)]),
    );
  }
}
