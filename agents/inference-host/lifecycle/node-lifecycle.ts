import { setTimeout as sleep } from "node:timers/promises";
import type { Logger } from "../../../runtime/logger";
import { Refusal } from "../admission/refusal";
import type { ActiveRequest } from "../api/generation";
import type { LifecycleActions } from "./auto-scaling";
import { type DrainTimes, decide, type HookKind, type NodeDecision, type NodeSignals } from "./decision";
import { type MetadataSignals, noMetadata } from "./watcher";

export interface NodeLifecycleOptions extends DrainTimes {
  readonly active: ReadonlySet<ActiveRequest>;
  /** Undefined outside an Auto Scaling group. */
  readonly actions: LifecycleActions | undefined;
  readonly logger: Logger;
  /** Called when the decision has changed. */
  readonly onChange: (decision: NodeDecision) => void;
  /** Milliseconds between two heartbeats of a lifecycle action while draining. @default 20000 */
  readonly heartbeatMs?: number;
}

const graceAfterCutMs = 2_000;

/** Applies decisions: opens and closes the door, ends what is left at the cut, completes hooks. */
export class NodeLifecycle {
  #decision: NodeDecision;
  #modelReady = false;
  #whyNotReady: string | undefined;
  #metadata: MetadataSignals = noMetadata;
  #stopAskedAt: number | undefined;
  #hasServed = false;
  /** The hook done for the current target state, so that it is completed once per state. */
  #done: string | undefined;
  #completing = false;
  #leaving = false;
  #cutTimer: NodeJS.Timeout | undefined;
  #cutAt: number | undefined;
  #lastHeartbeat = 0;

  constructor(private readonly options: NodeLifecycleOptions) {
    this.#decision = decide(this.#signals(), options, Date.now());
  }

  get decision(): NodeDecision {
    return this.#decision;
  }

  get draining(): boolean {
    return this.#decision.drain !== undefined;
  }

  /** Throws the refusal that a new request gets now. */
  gate(): void {
    const { accepting, notReady, drain } = this.#decision;
    if (accepting) return;
    throw new Refusal(drain ? "draining" : "not_ready", `this node takes no requests: ${notReady}`, drain ? 1 : 5);
  }

  /** The model has answered its probe, or answers no more. @param why Why not */
  setModelReady(ready: boolean, why?: string): void {
    this.#modelReady = ready;
    this.#whyNotReady = why;
    void this.update();
  }

  setMetadata(metadata: MetadataSignals): Promise<void> {
    if (metadata.target !== this.#metadata.target) this.#done = undefined;
    this.#metadata = metadata;
    return this.update();
  }

  /** SIGTERM or the operator: take no more work. */
  stop(): void {
    this.#stopAskedAt ??= Date.now();
    void this.update();
  }

  /** Decides anew; also called when the last request has ended. */
  async update(): Promise<void> {
    const before = this.#decision;
    this.#decision = decide(this.#signals(), this.options, Date.now());
    const { accepting, drain, notReady } = this.#decision;
    if (accepting) this.#hasServed = true;
    this.#planCut(drain);
    if (
      accepting !== before.accepting ||
      notReady !== before.notReady ||
      this.#decision.deprioritised !== before.deprioritised
    ) {
      this.options.logger.info({ accepting, notReady, inFlight: this.options.active.size }, "node state");
      this.options.onChange(this.#decision);
    }
    await Promise.all([this.#leaveGroup(), this.#completeHook()]);
  }

  /** Waits until nothing is in flight, or until what is left has been ended. */
  async drained(): Promise<void> {
    while (this.options.active.size > 0) {
      if (this.#cutAt !== undefined && Date.now() > this.#cutAt + graceAfterCutMs) return;
      await sleep(20);
    }
  }

  #signals(): NodeSignals {
    return {
      ...this.#metadata,
      modelReady: this.#modelReady,
      whyNotReady: this.#whyNotReady,
      stopAskedAt: this.#stopAskedAt,
      hasServed: this.#hasServed,
      idle: this.options.active.size === 0,
    };
  }

  /** The earliest cut that was ever announced for this drain stands. */
  #planCut(drain: NodeDecision["drain"]): void {
    const cutAt = drain?.cutAt;
    if (drain === undefined) {
      clearTimeout(this.#cutTimer);
      this.#cutAt = undefined;
      return;
    }
    if (cutAt === undefined || (this.#cutAt !== undefined && this.#cutAt <= cutAt)) return;
    this.#cutAt = cutAt;
    clearTimeout(this.#cutTimer);
    this.#cutTimer = setTimeout(() => this.#cut(drain.reason), Math.max(0, cutAt - Date.now()));
    this.#cutTimer.unref();
  }

  #cut(reason: string): void {
    this.options.logger.warn({ inFlight: this.options.active.size, reason }, "ending what is still in flight");
    for (const request of [...this.options.active]) {
      request.end(new Refusal("draining", `this node is going away (${reason}); ask again elsewhere`, 1));
    }
  }

  /** Once; tried again with the next look at the metadata where the call failed. */
  async #leaveGroup(): Promise<void> {
    const { actions, logger } = this.options;
    if (!actions || this.#leaving || !this.#decision.leaveGroup) return;
    this.#leaving = true;
    try {
      await actions.leave();
      logger.info("the group was asked for a replacement");
    } catch (error) {
      this.#leaving = false;
      logger.error({ err: error }, "the group was not asked for a replacement; trying again");
    }
  }

  async #completeHook(): Promise<void> {
    const { actions, logger } = this.options;
    const kind = this.#decision.completeHook;
    const waiting: HookKind | undefined = kind === undefined && this.draining ? "terminate" : undefined;
    if (!actions || this.#completing) return;
    this.#completing = true;
    try {
      if (waiting && this.#metadata.target !== undefined) await this.#heartbeat(actions, waiting);
      const key = `${this.#metadata.target} ${kind}`;
      if (kind === undefined || this.#done === key) return;
      if (await actions.complete(kind)) {
        this.#done = key;
        logger.info({ hook: kind, target: this.#metadata.target }, "lifecycle action completed");
        // Back in the pool the node counts as new: its launch action comes next.
        if (kind === "terminate") this.#hasServed = false;
      }
    } catch (error) {
      logger.error({ err: error, hook: kind }, "lifecycle action not completed; trying again");
    } finally {
      this.#completing = false;
    }
  }

  async #heartbeat(actions: LifecycleActions, kind: HookKind): Promise<void> {
    const now = Date.now();
    if (now - this.#lastHeartbeat < (this.options.heartbeatMs ?? 20_000)) return;
    this.#lastHeartbeat = now;
    await actions.heartbeat(kind);
  }
}
