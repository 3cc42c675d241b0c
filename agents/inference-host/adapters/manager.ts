import { setTimeout as sleep } from "node:timers/promises";
import type { Logger } from "../../../runtime/logger";
import type { Readiness } from "../admission/fair-queue";
import { type Engine, EngineError } from "../engines/engine";
import { type AdapterEntry, type AdapterManifest, engineNameOf, sizeOf } from "./manifest";
import { PreflightError, preflight } from "./preflight";
import { type Access, type HeldAdapter, ResidencyTable } from "./residency";
import type { AdapterStore } from "./store";

export interface AdapterManagerOptions {
  readonly engine: Engine;
  readonly store: AdapterStore;
  /** Largest rank that the engine was started for. */
  readonly maxRank: number;
  /** Runs work while no request with an adapter is in flight. */
  readonly quiet: <Result>(work: () => Promise<Result>) => Promise<Result>;
  /** Called when requests that waited for an adapter may go on. */
  readonly changed: () => void;
  readonly logger: Logger;
  /** Milliseconds after which a failed load is tried again. @default 30000 */
  readonly retryMs?: number;
  readonly now?: () => number;
}

/** One adapter as an operator sees it. */
export interface AdapterReport {
  readonly name: string;
  readonly version: string;
  readonly state: "gpu" | "cpu" | "disk" | "loading" | "failed";
  readonly inFlight: number;
  readonly pinned: boolean;
  readonly bytes: number;
  readonly reason?: string;
}

interface Failure {
  readonly version: string;
  readonly reason: string;
  readonly at: number;
  readonly permanent: boolean;
}

/** A slot that is free costs nobody anything, so it is no reason to let an archetype wait behind another. */
const readiness = {
  resident: "now",
  free: "now",
  swap: "swap",
  blocked: "wait",
  absent: "wait",
} as const satisfies Record<Access, Readiness>;

const defaultRetryMs = 30_000;
/** An adapter loaded for a waiting request stays this long, unless the request was served sooner. */
const keepMs = 2_000;
/** Milliseconds that a load waits for an idle adapter before it takes one out of use. */
const patienceMs = 500;
/** Milliseconds after which a load without room counts as failed; as long as the longest request may run. */
const longestRoomWaitMs = 300_000;

/** Owns which adapters the engine holds. Loads are one at a time, and nothing reaches the engine without preflight. */
export class AdapterManager {
  readonly table: ResidencyTable;
  #manifest: AdapterManifest | undefined;
  #work: Promise<unknown> = Promise.resolve();
  readonly #loading = new Set<string>();
  readonly #failures = new Map<string, Failure>();
  readonly #unloadedByOperator = new Set<string>();
  readonly #now: () => number;
  #preloading = true;
  /** Unloaded versions that still take room in the engine. */
  #leaked = 0;

  constructor(private readonly options: AdapterManagerOptions) {
    const { gpuAdapters, heldAdapters } = options.engine.capacity();
    this.table = new ResidencyTable({ gpu: gpuAdapters, held: heldAdapters });
    this.#now = options.now ?? (() => performance.now());
  }

  get leaked(): number {
    return this.#leaked;
  }

  /** True when the engine has no room left that unloading would free: it should be restarted at a quiet moment. */
  get engineFull(): boolean {
    return this.#leaked > this.options.engine.capacity().spareUnloads;
  }

  has(name: string): boolean {
    return this.#entry(name) !== undefined;
  }

  /** Why requests for this adapter must do without it; undefined while they can have it, now or after a load. */
  unavailable(name: string): string | undefined {
    const entry = this.#entry(name);
    if (!entry) return "not in the manifest";
    if (this.#unloadedByOperator.has(name)) return "unloaded by the operator";
    // A new version that cannot be loaded leaves the one before it in use.
    return this.#serving(entry) ? undefined : this.failure(name);
  }

  /** Why an adapter of the manifest cannot be used; undefined while it can. */
  failure(name: string): string | undefined {
    const failure = this.#failures.get(name);
    if (!failure || failure.version !== this.#entry(name)?.version) return undefined;
    const retryAt = failure.at + (this.options.retryMs ?? defaultRetryMs);
    return failure.permanent || this.#now() < retryAt ? failure.reason : undefined;
  }

  /** The manifest as it was last read. */
  get manifest(): AdapterManifest | undefined {
    return this.#manifest;
  }

  names(): readonly string[] {
    return this.#manifest?.adapters.map(({ name }) => name) ?? [];
  }

  /** Reads the manifest for the first time. @throws InputError when it is malformed or for another base model */
  async readManifest(): Promise<AdapterManifest> {
    this.#manifest = await this.options.store.manifest();
    return this.#manifest;
  }

  /** The engine has started with nothing loaded: pinned adapters first, then as many others as it holds. */
  async engineStarted(): Promise<void> {
    this.table.clear();
    this.#leaked = 0;
    this.#failures.clear();
    if (!this.#preloading) return;
    const entries = [...(this.#manifest?.adapters ?? [])].sort((a, b) => Number(b.pinned) - Number(a.pinned));
    const first = entries.filter(({ name }) => !this.#unloadedByOperator.has(name)).slice(0, this.table.limits.held);
    for (const entry of first) await this.#serial(() => this.#load(entry));
  }

  /** After a rebalance recommendation nothing is loaded ahead of need. */
  setPreloading(preloading: boolean): void {
    this.#preloading = preloading;
  }

  /** How soon a request could start; asking for a cold adapter starts its load. */
  access(name: string): Readiness {
    const entry = this.#entry(name);
    if (!entry) return "wait";
    const serving = this.#serving(entry);
    if (serving?.engineName !== engineNameOf(entry)) this.#loadSoon(entry);
    if (!serving) return "wait";
    const access = this.table.access(serving.engineName, this.#now());
    return readiness[access];
  }

  acquire(name: string): string | undefined {
    const entry = this.#entry(name);
    const serving = entry && this.#serving(entry);
    return serving && this.table.acquire(serving.engineName, this.#now()) ? serving.engineName : undefined;
  }

  release(engineName: string, tokens: number): void {
    this.table.release(engineName, tokens, this.#now());
    if (this.table.drained().length > 0) void this.#serial(() => this.#unloadDrained());
  }

  claim(name: string): void {
    const entry = this.#entry(name);
    const serving = entry && this.#serving(entry);
    if (serving) this.table.claim(serving.engineName, this.#now());
  }

  /** The engine does not know an adapter that the table lists. */
  forget(engineName: string): void {
    this.table.remove(engineName);
  }

  /** Operator: loads an adapter of the manifest. @throws PreflightError, EngineError */
  async load(name: string): Promise<void> {
    const entry = this.#entry(name);
    if (!entry) throw new PreflightError(`adapter ${name}: not in the manifest`);
    this.#unloadedByOperator.delete(name);
    this.#failures.delete(name);
    await this.#serial(() => this.#load(entry));
    const failure = this.failure(name);
    if (failure !== undefined) throw new PreflightError(failure);
  }

  /** Operator: takes an adapter out of use until it is loaded again; requests in flight finish. */
  async unload(name: string): Promise<boolean> {
    const held = this.table.all().filter((adapter) => adapter.name === name);
    this.#unloadedByOperator.add(name);
    for (const { engineName } of held) this.table.retire(engineName);
    await this.#serial(() => this.#unloadDrained());
    return held.length > 0;
  }

  /** Reads the manifest again; new versions are loaded beside the old ones, which leave when their last request ends. */
  async refresh(): Promise<{ readonly changed: readonly string[] }> {
    const before = new Map(this.#manifest?.adapters.map((entry) => [entry.name, entry.version]));
    const held = new Set(this.table.all().map(({ name }) => name));
    const next = await this.options.store.manifest();
    const changed = next.adapters.filter(({ name, version }) => before.get(name) !== version);
    for (const entry of changed.filter(({ name }) => held.has(name))) await this.#serial(() => this.#load(entry));
    this.#manifest = next;
    this.#retireOldVersions();
    await this.#serial(() => this.#unloadDrained());
    this.options.changed();
    return { changed: changed.map(({ name }) => name) };
  }

  report(): readonly AdapterReport[] {
    return (this.#manifest?.adapters ?? []).map((entry) => {
      const held = this.table.get(engineNameOf(entry));
      const reason = this.failure(entry.name);
      const state = held?.place ?? (this.#loading.has(engineNameOf(entry)) ? "loading" : reason ? "failed" : "disk");
      return {
        name: entry.name,
        version: entry.version,
        state,
        inFlight: held?.inFlight ?? 0,
        pinned: entry.pinned,
        bytes: sizeOf(entry),
        ...(reason === undefined ? {} : { reason }),
      };
    });
  }

  /** Versions whose successor is there, and adapters that left the manifest. */
  #retireOldVersions(): void {
    for (const { name, engineName } of this.table.all()) {
      const entry = this.#entry(name);
      const current = entry && engineNameOf(entry);
      if (engineName !== current && (current === undefined || this.table.get(current))) this.table.retire(engineName);
    }
    if (this.table.drained().length > 0) void this.#serial(() => this.#unloadDrained());
  }

  #entry(name: string): AdapterEntry | undefined {
    return this.#manifest?.adapters.find((entry) => entry.name === name);
  }

  /** The version in use: the manifest's, or the one before it while the new one is not there. */
  #serving(entry: AdapterEntry): HeldAdapter | undefined {
    const current = this.table.get(engineNameOf(entry));
    if (current && !current.retiring) return current;
    return this.table.all().find(({ name, retiring }) => name === entry.name && !retiring);
  }

  #loadSoon(entry: AdapterEntry): void {
    const engineName = engineNameOf(entry);
    if (this.#loading.has(engineName) || this.unavailable(entry.name) !== undefined) return;
    // The version before it serves meanwhile; the new one is not tried again with every request.
    if (this.failure(entry.name) !== undefined) return;
    this.#loading.add(engineName);
    void this.#serial(() => this.#load(entry, true)).finally(() => {
      this.#loading.delete(engineName);
      this.#retireOldVersions();
      this.options.changed();
    });
  }

  #serial<Result>(work: () => Promise<Result>): Promise<Result> {
    const next = this.#work.then(work, work);
    this.#work = next.catch(() => undefined);
    return next;
  }

  async #load(entry: AdapterEntry, onDemand = false): Promise<void> {
    const { engine, store, maxRank, logger } = this.options;
    const engineName = engineNameOf(entry);
    // An operator took it out of use while this load waited for its turn.
    if (this.#unloadedByOperator.has(entry.name)) return;
    if (this.table.get(engineName)) {
      // The engine still holds it for the requests that run, so those that wait can have it at once.
      this.table.reinstate(engineName);
      return;
    }
    this.#loading.add(engineName);
    const started = this.#now();
    try {
      const folder = await store.fetch(entry);
      const path = await preflight(entry, folder, {
        baseModel: engine.baseModel,
        format: engine.adapterFormat,
        maxRank,
      });
      await this.#makeRoom();
      await this.#quietly(() => engine.loadAdapter({ engineName, path }));
      const cost = Math.max(1, this.#now() - started);
      this.table.add({ engineName, name: entry.name, pinned: entry.pinned, cost }, this.#now(), onDemand ? keepMs : 0);
      this.#failures.delete(entry.name);
      logger.info({ adapter: entry.name, version: entry.version, ms: Math.round(cost) }, "adapter loaded");
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      // Nothing is wrong with the adapter then; it is asked for again when the engine is back.
      if (error instanceof EngineError && error.engineGone) {
        logger.warn({ adapter: entry.name, reason }, "adapter not loaded: the engine is gone");
        return;
      }
      const permanent = error instanceof PreflightError;
      this.#failures.set(entry.name, { version: entry.version, reason, at: this.#now(), permanent });
      logger.error({ adapter: entry.name, version: entry.version, reason }, "adapter not loaded");
    } finally {
      this.#loading.delete(engineName);
    }
  }

  /** Waits for an adapter that may go; when all stay in use, the cheapest takes no new requests until it has drained. */
  async #makeRoom(): Promise<void> {
    const started = this.#now();
    for (let waited = 0; ; waited = this.#now() - started) {
      const victim = this.table.toUnload(this.#now());
      if (victim) await this.#unload(victim);
      if (victim !== null) return;
      if (waited > patienceMs) this.table.makeWay();
      if (waited > longestRoomWaitMs) throw new Error("every adapter that the engine holds is pinned or in use");
      await sleep(10);
    }
  }

  async #unloadDrained(): Promise<void> {
    for (const adapter of this.table.drained()) await this.#unload(adapter);
  }

  async #unload({ engineName, name }: HeldAdapter): Promise<void> {
    // Out of the table first, so that no request starts on an adapter that is going.
    this.table.remove(engineName);
    if (Number.isFinite(this.options.engine.capacity().spareUnloads)) this.#leaked++;
    try {
      await this.options.engine.unloadAdapter(engineName);
      this.options.logger.info({ adapter: name, engineName }, "adapter unloaded");
    } catch (error) {
      this.options.logger.warn({ adapter: name, err: error }, "adapter not unloaded");
    }
  }

  #quietly<Result>(work: () => Promise<Result>): Promise<Result> {
    return this.options.engine.capacity().loadsNeedQuiet ? this.options.quiet(work) : work();
  }
}
