import { readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import type { Logger } from "../../../runtime/logger";
import { SseFramer } from "../../../runtime/streaming/sse-framer";
import {
  type Completion,
  type EmbeddingRequest,
  type Engine,
  type EngineAdapter,
  type EngineCapacity,
  EngineError,
  type EngineStats,
  type EventSink,
  engineGone,
  type GenerationRequest,
  isTooLong,
  type RequestBody,
  type Usage,
} from "./engine";
import { ManagedProcess, type ProcessSpec } from "./managed-process";
import { VllmClient } from "./vllm-client";
import { parseVllmMetrics } from "./vllm-metrics";

export interface VllmEngineOptions {
  /** For example `http://127.0.0.1:8100`. */
  readonly origin: string;
  /** vLLM's `--served-model-name`. */
  readonly baseModel: string;
  /** vLLM's `--max-num-seqs`. */
  readonly maxSequences: number;
  readonly contextTokens: number;
  /** vLLM's `--max-loras`. */
  readonly gpuAdapters: number;
  /** vLLM's `--max-cpu-loras`. */
  readonly cpuAdapters: number;
  /** Adapters of the manifest; what `cpuAdapters` has beyond it is room for unloaded versions. */
  readonly manifestAdapters: number;
  /** Started and restarted by the host when given; otherwise vLLM is a systemd unit of its own that is only waited for. */
  readonly process?: ProcessSpec;
  /** File with vLLM's process id, where it is a unit of its own: what hangs is killed, and its unit starts it again. */
  readonly pidFile?: string;
  /** Milliseconds between two looks at /metrics. @default 250 */
  readonly pollMs?: number;
  /** Looks in a row that may fail before the engine counts as gone. @default 8 */
  readonly missedPolls?: number;
}

const doneEvent = Buffer.from("data: [DONE]");
const emptyChoices = Buffer.from('"choices":[]');
const pollTimeoutMs = 2_000;
/** Milliseconds that loading an adapter may take. */
const adminTimeoutMs = 120_000;
const stopGraceMs = 10_000;

/** vLLM over HTTP on loopback. Event bytes are passed on as they come; only the model's name is put right. */
export class VllmEngine implements Engine {
  readonly kind = "vllm";
  readonly preallocatesMemory = true;
  readonly adapterFormat = "safetensors";
  readonly baseModel: string;
  readonly #client: VllmClient;
  #process: ManagedProcess | undefined;
  #stats: EngineStats = { kvCacheUsage: 0, running: 0, waiting: 0 };
  #leave: (reason: string) => void = () => {};
  #gone: Promise<string> = Promise.resolve("not started");
  #polling: AbortController | undefined;
  /** The engine that was started last; `ended` says why it is gone. */
  #life: { ended?: EngineError } = {};

  constructor(
    private readonly options: VllmEngineOptions,
    private readonly logger: Logger,
  ) {
    this.baseModel = options.baseModel;
    this.#client = new VllmClient(options.origin);
  }

  capacity(): EngineCapacity {
    const { maxSequences, contextTokens, gpuAdapters, cpuAdapters, manifestAdapters } = this.options;
    return {
      slots: maxSequences,
      slotsPerModel: Number.POSITIVE_INFINITY,
      contextTokens,
      gpuAdapters,
      heldAdapters: cpuAdapters,
      // Unloading only forgets the name (vLLM issues 42633 and 54839): the weights stay until the engine restarts.
      spareUnloads: Math.max(0, cpuAdapters - manifestAdapters),
      // Loading in the middle of a decode could serve another adapter's weights (vLLM issue 47724).
      loadsNeedQuiet: true,
    };
  }

  async start(signal: AbortSignal): Promise<void> {
    this.#polling?.abort();
    const spec = this.options.process;
    if (spec) {
      await this.#process?.stop(stopGraceMs);
      this.#process = new ManagedProcess(spec, this.logger);
    }
    const child = this.#process;
    const ended = child?.ended.then((reason) => {
      throw engineGone(reason);
    });
    ended?.catch(() => {});
    await Promise.race([this.#answers(signal), ...(ended ? [ended] : [])]);
    const life: { ended?: EngineError } = {};
    this.#life = life;
    this.#gone = new Promise((resolve) => {
      this.#leave = (reason) => {
        if (life.ended) return;
        life.ended = engineGone(reason);
        // No request may hang on an engine that is gone.
        this.#client.cut(life.ended);
        resolve(reason);
      };
    });
    child?.ended.then((reason) => this.#leave(reason));
    this.#polling = new AbortController();
    void this.#poll(this.#polling.signal);
  }

  gone(): Promise<string> {
    return this.#gone;
  }

  async recycle(): Promise<boolean> {
    const child = this.#process;
    if (!child) return false;
    await child.stop(stopGraceMs);
    return true;
  }

  endHung(reason: string): boolean {
    this.#leave(reason);
    // A hung engine would let its requests finish first, which they never do.
    if (this.#process === undefined) return killByFile(this.options.pidFile);
    this.#process.killGroup();
    return true;
  }

  async stop(): Promise<void> {
    this.#polling?.abort();
    this.#leave("stopped");
    await this.#process?.stop(stopGraceMs);
    await this.#client.close();
  }

  async loadAdapter({ engineName, path }: EngineAdapter): Promise<void> {
    try {
      await this.#post("/v1/load_lora_adapter", { lora_name: engineName, lora_path: path });
    } catch (error) {
      const alreadyThere = error instanceof EngineError && error.status === 400 && /already/i.test(error.message);
      if (!alreadyThere) throw error;
    }
  }

  async unloadAdapter(engineName: string): Promise<void> {
    try {
      await this.#post("/v1/unload_lora_adapter", { lora_name: engineName });
    } catch (error) {
      if (!(error instanceof EngineError && error.status === 404)) throw error;
    }
  }

  async stream(request: GenerationRequest, sink: EventSink, signal: AbortSignal): Promise<Usage> {
    const { body, wantsUsage } = streamBody(request, this.baseModel);
    const rename = renamer(String(body.model), request.publicModel);
    let usage: Usage | undefined;
    let tokens = 0;
    let wait: Promise<void> | undefined;
    let done = false;
    const framer = new SseFramer((event) => {
      if (done) return;
      if (event.indexOf(doneEvent) === 0) {
        done = true;
        return;
      }
      if (event.includes(emptyChoices)) {
        usage = usageOf(event) ?? usage;
        if (!wantsUsage) return;
        wait = sink(rename(event), 0) ?? wait;
        return;
      }
      tokens++;
      wait = sink(rename(event), 1) ?? wait;
    });
    const onData = (chunk: Buffer) => {
      wait = undefined;
      framer.push(chunk);
      return wait;
    };
    const call = { path: pathOf(request), headers: headersOf(request) };
    await withRoom(request, (limit) =>
      this.#call(() => this.#client.stream({ ...call, body: { ...body, ...limit } }, onData, signal)),
    );
    if (!done) throw engineGone(framer.torn ? "the stream ended inside an event" : "the stream ended without [DONE]");
    return usage ?? { promptTokens: 0, completionTokens: tokens };
  }

  async complete(request: GenerationRequest, signal: AbortSignal): Promise<Completion> {
    const body = { ...request.body, model: request.adapter ?? this.baseModel, stream: false };
    const call = { path: pathOf(request), headers: headersOf(request) };
    const answer = await withRoom(request, (limit) =>
      this.#call(() => this.#client.post({ ...call, body: { ...body, ...limit } }, signal)),
    );
    return { body: renamer(body.model, request.publicModel)(answer), usage: usageOf(answer) ?? noUsage };
  }

  async embed(request: EmbeddingRequest, signal: AbortSignal): Promise<Completion> {
    const body = { ...request.body, model: this.baseModel };
    const answer = await this.#call(() =>
      this.#client.post({ path: "/v1/embeddings", body, headers: headersOf(request) }, signal),
    );
    return { body: renamer(this.baseModel, request.publicModel)(answer), usage: usageOf(answer) ?? noUsage };
  }

  stats(): EngineStats {
    return this.#stats;
  }

  #post(path: string, body: object): Promise<Buffer> {
    return this.#call(() => this.#client.post({ path, body, headers: {} }, AbortSignal.timeout(adminTimeoutMs)));
  }

  /** A connection that breaks is the first sign of a dead engine: the next look at it then comes at once. */
  async #call<Result>(work: () => Promise<Result>): Promise<Result> {
    const life = this.#life;
    if (life.ended) throw life.ended;
    try {
      return await work();
    } catch (error) {
      if (error instanceof EngineError && error.engineGone && !life.ended && !(await this.#healthy()))
        this.#leave(error.message);
      throw error;
    }
  }

  async #answers(signal: AbortSignal): Promise<void> {
    for (let wait = 50; !(await this.#healthy()); wait = Math.min(1_000, wait * 2)) {
      await sleep(wait, undefined, { signal });
    }
  }

  async #healthy(): Promise<boolean> {
    try {
      return (await this.#client.get("/health", pollTimeoutMs)).status === 200;
    } catch {
      return false;
    }
  }

  async #poll(signal: AbortSignal): Promise<void> {
    const { pollMs = 250, missedPolls = 8 } = this.options;
    let missed = 0;
    while (!signal.aborted) {
      try {
        const { status, text } = await this.#client.get("/metrics", pollTimeoutMs);
        if (status !== 200) throw engineGone(`/metrics answered ${status}`);
        this.#stats = parseVllmMetrics(text);
        missed = 0;
      } catch (error) {
        missed++;
        if (missed >= missedPolls && !(await this.#healthy())) {
          this.#leave(error instanceof Error ? error.message : String(error));
          return;
        }
      }
      await sleep(pollMs, undefined, { ref: false });
    }
  }
}

/** SIGKILL to the process whose id a file holds. @returns false where there is none */
function killByFile(file: string | undefined): boolean {
  try {
    const pid = file === undefined ? Number.NaN : Number(readFileSync(file, "utf8"));
    return Number.isInteger(pid) && pid > 1 && process.kill(pid, "SIGKILL");
  } catch {
    return false;
  }
}

const noUsage: Usage = { promptTokens: 0, completionTokens: 0 };

/**
 * Asks with the host's limit where the client named none, and without one where that has no room beside the prompt: vLLM then
 * generates as much as the context has left, which is less. A limit of the client's own is never changed.
 */
async function withRoom<Result>(
  { body, mostTokens }: GenerationRequest,
  ask: (limit: Readonly<Record<string, unknown>>) => Promise<Result>,
): Promise<Result> {
  if (body.max_tokens !== undefined || body.max_completion_tokens !== undefined) return ask({});
  return ask({ max_tokens: mostTokens }).catch((error: unknown) => {
    if (!isTooLong(error)) throw error;
    return ask({ max_tokens: null });
  });
}

function pathOf({ kind }: GenerationRequest): string {
  return kind === "chat" ? "/v1/chat/completions" : "/v1/completions";
}

function headersOf({ requestId, trace }: { requestId: string; trace: Readonly<Record<string, string>> }) {
  return { ...trace, "x-request-id": requestId };
}

/** Usage is always asked for, since metrics and fairness count tokens; the client gets it only when it asked. */
function streamBody(request: GenerationRequest, baseModel: string): { body: RequestBody; wantsUsage: boolean } {
  const options = request.body.stream_options as Readonly<Record<string, unknown>> | undefined | null;
  return {
    body: {
      ...request.body,
      model: request.adapter ?? baseModel,
      stream: true,
      stream_options: { ...options, include_usage: true },
    },
    wantsUsage: options?.include_usage === true,
  };
}

/** Puts the public name where the engine wrote its own; nothing is parsed. */
function renamer(engineName: string, publicName: string): (bytes: Buffer) => Buffer {
  if (engineName === publicName) return (bytes) => bytes;
  const written = [`"model":${JSON.stringify(engineName)}`, `"model": ${JSON.stringify(engineName)}`].map((text) =>
    Buffer.from(text),
  );
  const wanted = Buffer.from(`"model":${JSON.stringify(publicName)}`);
  return (bytes) => {
    for (const pattern of written) {
      const at = bytes.indexOf(pattern);
      if (at >= 0) return Buffer.concat([bytes.subarray(0, at), wanted, bytes.subarray(at + pattern.length)]);
    }
    return bytes;
  };
}

function usageOf(bytes: Buffer): Usage | undefined {
  const text = bytes.toString("utf8");
  const json = text.startsWith("data:") ? text.slice(5) : text;
  try {
    const { usage } = JSON.parse(json) as { usage?: { prompt_tokens?: number; completion_tokens?: number } | null };
    return usage
      ? { promptTokens: usage.prompt_tokens ?? 0, completionTokens: usage.completion_tokens ?? 0 }
      : undefined;
  } catch {
    return undefined;
  }
}
