import { adapterNamesOf, layRegistry } from "../../contracts/archetypes";
import { InputError } from "../../contracts/input-error";
import { closeServer } from "../../runtime/close-server";
import { createImds, type Imds, ImdsError } from "../../runtime/imds";
import { listen } from "../../runtime/listen";
import type { Logger } from "../../runtime/logger";
import { whereSet } from "../../runtime/settings";
import { AdapterManager } from "./adapters/manager";
import type { AdapterManifest } from "./adapters/manifest";
import { type AdapterStore, openStore } from "./adapters/store";
import { Scheduler } from "./admission/scheduler";
import type { ActiveRequest } from "./api/generation";
import { createApiServer } from "./api/server";
import { readChains, readRegistry, servedRegistry } from "./archetypes";
import { baseModelName, buildEngine, toolParserOf } from "./build-engine";
import { Conversations } from "./chains/conversations";
import type { Pace } from "./chains/plan";
import { EngineSupervisor } from "./engine-supervisor";
import type { Engine } from "./engines/engine";
import { promiseOf } from "./engines/promise";
import { Executor } from "./executor";
import { type LifecycleActions, openLifecycleActions } from "./lifecycle/auto-scaling";
import { NodeLifecycle } from "./lifecycle/node-lifecycle";
import { watchMetadata } from "./lifecycle/watcher";
import { HostMetrics } from "./metrics";
import { lanesOf, type ServedModels } from "./models";
import { createOperatorServer } from "./operator";
import { type HostOptions, prefix, settings } from "./options";
import { ProgressWatch } from "./progress";
import { ensureToy } from "./toy/ensure-toy";

/** A running host. */
export interface Host {
  readonly port: number;
  readonly operatorPort: number;
  /** Resolves when the model has answered its probe; rejects when the first start fails. */
  readonly ready: Promise<void>;
  /**
   * Takes no more work, lets what runs finish within the drain time, and ends.
   * @param idleMs Milliseconds that idle connections get at the end to bring a request, which is refused. @default a round trip
   */
  stop(idleMs?: number): Promise<void>;
  /** True while the process is well. */
  alive(): boolean;
}

const noAdapters: AdapterStore = {
  manifest: async () => ({ schema: 1, baseModel: "", format: "safetensors", adapters: [], archetypes: [], chains: [] }),
  fetch: async () => "",
};

/** Puts the host together and opens its ports; the engine comes up in the background. @throws InputError for bad settings */
export async function startHost(options: HostOptions, logger: Logger): Promise<Host> {
  const own = await readRegistry(options.archetypes);
  const chains = await readChains(options.chains);
  const toy =
    options.engine === "llama" && options.model === undefined
      ? await ensureToy(undefined, adapterNamesOf(layRegistry(own ?? {})))
      : undefined;
  const source = options.adapters ?? toy?.adapters;
  const store =
    source === undefined ? noAdapters : checkedStore(await openStore(source, options.cache), options, source);
  const manifest = source === undefined ? undefined : await store.manifest();
  const engine = buildEngine(options, manifest, toy, logger);

  const active = new Set<ActiveRequest>();
  const conversations = new Conversations();
  const actions = options.ec2 ? await nodeActions(options, logger) : undefined;
  const lifecycle: NodeLifecycle = new NodeLifecycle({
    active,
    actions: actions?.actions,
    logger,
    drainMs: options.drainSeconds * 1000,
    interruptionMarginMs: options.interruptionMarginSeconds * 1000,
    onChange: ({ deprioritised }) => {
      scheduler.setDeprioritised(deprioritised);
      adapters.setPreloading(!deprioritised);
    },
  });
  const scheduler: Scheduler = new Scheduler(
    {
      perLane: options.queuePerArchetype,
      total: options.queueTotal,
      ageBoundMs: options.ageBoundMs,
      maxWaitMs: options.queueSeconds * 1000,
    },
    {
      engineUp: () => supervisor.up,
      capacity: () => engine.capacity(),
      stats: () => engine.stats(),
      access: (name) => adapters.access(name),
      acquire: (name) => adapters.acquire(name),
      release: (engineName, tokens) => adapters.release(engineName, tokens),
      claim: (name) => adapters.claim(name),
      unavailable: (name) => adapters.unavailable(name),
    },
  );
  const adapters: AdapterManager = new AdapterManager({
    engine,
    store,
    maxRank: options.maxRank,
    quiet: (work) => scheduler.quiet(work, options.quietSeconds * 1000),
    changed: () => {
      scheduler.pump();
      if (adapters.engineFull) void recycleWhenQuiet();
    },
    logger,
  });
  const watch = new ProgressWatch({ leastMs: leastSilence(engine, options.silenceSeconds) });
  const supervisor: EngineSupervisor = new EngineSupervisor({
    engine,
    watch,
    prepare: () => adapters.engineStarted(),
    onUp: () => {
      lifecycle.setModelReady(true);
      scheduler.pump();
    },
    onDown: (reason) => {
      adapters.table.clear();
      lifecycle.setModelReady(false, `the engine is gone: ${reason}`);
    },
    logger,
  });
  await adapters.readManifest();
  const registry = servedRegistry(own, chains, () => adapters.manifest);
  const metrics = new HostMetrics({
    ready: () => lifecycle.decision.accepting,
    draining: () => lifecycle.draining,
    deprioritised: () => lifecycle.decision.deprioritised,
    engineUp: () => supervisor.up,
    preallocates: () => engine.preallocatesMemory,
    kvCacheUsage: () => engine.stats().kvCacheUsage,
    queued: () => scheduler.queued,
    running: () => scheduler.running,
    queuedIn: (lane) => scheduler.queuedIn(lane),
    runningIn: (lane) => scheduler.runningIn(lane),
    lanes: () => lanesOf(registry()),
    adapters: () => {
      const held = adapters.table.all();
      const gpu = held.filter(({ place }) => place === "gpu").length;
      return { gpu, cpu: held.length - gpu, leaked: adapters.leaked };
    },
    engineRestarts: () => supervisor.restarts,
  });

  /** Unloaded versions fill the engine; a restart at a moment without adapter requests frees their room. */
  let recycling = false;
  const recycleWhenQuiet = async () => {
    if (recycling) return;
    recycling = true;
    logger.warn({ leaked: adapters.leaked }, "unloaded adapters fill the engine; restarting it when it is quiet");
    const recycled = await scheduler.quiet(() => engine.recycle(), options.quietSeconds * 1000).catch(() => false);
    recycling = false;
    if (!recycled) logger.warn("the engine was not restarted; restart its unit when convenient");
  };

  const served: ServedModels = {
    baseModel: engine.baseModel,
    hasAdapter: (name) => adapters.has(name),
    unavailable: (name) => adapters.unavailable(name),
    registry,
  };
  const alive = () => !supervisor.failed;
  const api = createApiServer({
    logger,
    executor: new Executor(scheduler, engine, adapters, metrics, watch),
    served,
    metrics,
    conversations,
    chainEngine: {
      pace: paceOf(options),
      baseModel: engine.baseModel,
      batches: engine.capacity().slotsPerModel === Number.POSITIVE_INFINITY,
      running: () => scheduler.running,
    },
    limits: { maxOutputTokens: options.maxOutputTokens, contextTokens: engine.capacity().contextTokens },
    promise: promiseOf(engine.kind, toolParserOf(options)),
    maxBodyBytes: options.maxBodyBytes,
    maxRequestMs: options.requestSeconds * 1000,
    stallMs: options.stallSeconds * 1000,
    gate: () => lifecycle.gate(),
    active,
    deprioritised: () => lifecycle.decision.deprioritised,
    manifestNames: () => adapters.names(),
    alive,
    notReady: () => lifecycle.decision.notReady,
  });
  const operator = createOperatorServer({
    adapters,
    drain: () => lifecycle.stop(),
    status: () => ({
      ...lifecycle.decision,
      engine: engine.kind,
      engineUp: supervisor.up,
      baseModel: engine.baseModel,
      queued: scheduler.queued,
      running: scheduler.running,
      inFlight: active.size,
    }),
  });

  const place = (name: "host" | "port" | "operatorPort") => ({
    path: name,
    where: whereSet(prefix, name, settings[name]),
  });
  const port = await listen(api, options, { host: place("host"), port: place("port") });
  const operatorPort = await listen(
    operator,
    { host: "127.0.0.1", port: options.operatorPort },
    { host: place("host"), port: place("operatorPort") },
  ).catch((error) => {
    api.close();
    throw error;
  });
  logger.info({ port, operatorPort, engine: engine.kind, model: engine.baseModel }, "listening");
  const ended = new AbortController();
  if (actions) void watchMetadata(actions.imds, (signals) => lifecycle.setMetadata(signals), logger, ended.signal);
  const refresh = repeat(options.manifestSeconds * 1000, () => adapters.refresh(), logger);
  const ready = supervisor.start();
  ready.catch(() => undefined);

  return {
    port,
    operatorPort,
    ready,
    alive,
    stop: async (idleMs) => {
      lifecycle.stop();
      clearInterval(refresh);
      await lifecycle.drained();
      await lifecycle.update();
      ended.abort();
      scheduler.close();
      await Promise.all([closeServer(api, idleMs), closeServer(operator), supervisor.stop()]);
      actions?.imds.close();
    },
  };
}

/** Seconds that no prompt token of an engine inside this process takes, however slow the machine. */
const slowestPromptToken = 0.2;

/**
 * Milliseconds of silence that say nothing yet. An engine inside this process cannot be started again without the process, and may run on
 * a machine without a GPU: it gets the time that the slowest reads its whole context in.
 */
function leastSilence(engine: Engine, silenceSeconds: number): number {
  const seconds = engine.endHung === undefined ? engine.capacity().contextTokens * slowestPromptToken : 0;
  return 1000 * Math.max(silenceSeconds, seconds);
}

/** How fast the engine is, where the node is told. */
function paceOf(options: HostOptions): Pace | undefined {
  const { tokenMs, tokenMsPerSequence, prefillTokensPerSecond, maxSequences } = options;
  return tokenMs === undefined
    ? undefined
    : { tokenMs, tokenMsPerSequence, prefillTokensPerSecond, sequences: maxSequences };
}

/** A store whose manifest is for this node's model, at the start and whenever it is read again. */
function checkedStore(store: AdapterStore, options: HostOptions, source: string): AdapterStore {
  return {
    manifest: async () => checkedManifest(await store.manifest(), options, source),
    fetch: (entry) => store.fetch(entry),
  };
}

function checkedManifest(manifest: AdapterManifest, options: HostOptions, source: string): AdapterManifest {
  const wantedModel = baseModelName(options);
  const wantedFormat = options.engine === "vllm" ? "safetensors" : "gguf";
  const wrong = (path: string, given: unknown, allowed: string) =>
    new InputError({ path: `manifest.${path}`, given, allowed, where: `${source}/manifest.json` });
  if (manifest.baseModel !== wantedModel)
    throw wrong("baseModel", manifest.baseModel, `the model that this node serves, ${wantedModel}`);
  if (manifest.format !== wantedFormat)
    throw wrong("format", manifest.format, `${wantedFormat}, which the engine ${options.engine} reads`);
  return manifest;
}

async function nodeActions(
  options: HostOptions,
  logger: Logger,
): Promise<{ imds: Imds; actions: LifecycleActions | undefined }> {
  const imds = createImds();
  const tag = () => imds.tag("aws:autoscaling:groupName");
  const group = options.autoScalingGroup ?? (await onceReachable(tag, logger));
  if (group === undefined) return { imds, actions: undefined };
  const { instanceId, region } = await onceReachable(() => imds.identity(), logger);
  const hooks = { launch: options.launchHook, terminate: options.terminateHook };
  return { imds, actions: await openLifecycleActions({ group, instanceId, region, hooks }) };
}

/** Asks instance metadata until it answers: what is slow is no failure. A refusal is one. @throws ImdsError */
async function onceReachable<Answer>(ask: () => Promise<Answer>, logger: Logger): Promise<Answer> {
  for (;;) {
    try {
      return await ask();
    } catch (error) {
      if (!(error instanceof ImdsError) || error.reason !== "unreachable") throw error;
      logger.warn({ reason: error.message }, "instance metadata does not answer yet; asking again");
    }
  }
}

function repeat(everyMs: number, work: () => Promise<unknown>, logger: Logger): NodeJS.Timeout | undefined {
  if (everyMs === 0) return undefined;
  const timer = setInterval(() => {
    work().catch((error) => logger.error({ err: error }, "adapters not refreshed; the old manifest stands"));
  }, everyMs);
  timer.unref();
  return timer;
}
