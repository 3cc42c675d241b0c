import type {
  ChatWrapper,
  LlamaContextSequence,
  LlamaEmbeddingContext,
  LlamaGrammar,
  LlamaGrammarEvaluationState,
  LlamaModel,
  Token,
} from "node-llama-cpp";
import type { Logger } from "../../../runtime/logger";
import {
  type Completion,
  type EmbeddingRequest,
  type Engine,
  type EngineAdapter,
  type EngineCapacity,
  EngineError,
  type EngineStats,
  type EventSink,
  type GenerationRequest,
  type RequestBody,
  type Usage,
} from "./engine";
import { LlamaGrammars } from "./llama-grammar";
import {
  ContextPool,
  llamaThreads,
  loadLlamaPackage,
  openLlama,
  type PoolOptions,
  promptTokens,
} from "./llama-runtime";
import { StopScanner } from "./llama-stops";
import { OpenAiShapes, usageObject } from "./openai-shapes";

export interface LlamaEngineOptions {
  /** Absolute path of the base model in GGUF. */
  readonly modelPath: string;
  /** Name that clients ask for. */
  readonly baseModel: string;
  /** Context of one request in tokens. @default 2048 */
  readonly contextTokens?: number;
  /** Requests at once per adapter, and for the base model. @default 4 */
  readonly sequences?: number;
  /** Adapters held at once: each is a llama.cpp context of its own. @default 8 */
  readonly adapters?: number;
  /** @default all cores but one, see {@link llamaThreads} */
  readonly threads?: number;
  /** MiB of files, per adapter, that keep what conversations have computed; 0 keeps none. @default 0 */
  readonly promptCacheMib?: number;
}

/**
 * llama.cpp in this process. An adapter is a context of its own, since llama.cpp applies LoRA per context: requests of
 * different adapters do not share a batch, which is why this engine is for tests, laptops and small nodes.
 */
export class LlamaEngine implements Engine {
  readonly kind = "llama.cpp";
  readonly preallocatesMemory = false;
  readonly adapterFormat = "gguf";
  readonly baseModel: string;
  readonly #options: Required<LlamaEngineOptions>;
  readonly #adapters = new Map<string, ContextPool>();
  #chatWrapper: ChatWrapper | undefined;
  #model: LlamaModel | undefined;
  #grammars: LlamaGrammars | undefined;
  #base: ContextPool | undefined;
  #embedding: Promise<LlamaEmbeddingContext> | undefined;
  #leave: (reason: string) => void = () => {};
  #gone = new Promise<string>(() => {});
  readonly #stopping = new AbortController();
  /** Loads that run: llama.cpp does them in threads of its own, and a model disposed of under them ends the process. */
  readonly #loads = new Set<Promise<unknown>>();

  constructor(
    options: LlamaEngineOptions,
    private readonly logger: Logger,
  ) {
    this.#options = {
      contextTokens: 2048,
      sequences: 4,
      adapters: 8,
      threads: llamaThreads(),
      promptCacheMib: 0,
      ...options,
    };
    this.baseModel = options.baseModel;
  }

  capacity(): EngineCapacity {
    const { sequences, contextTokens, adapters } = this.#options;
    return {
      slots: 2 * sequences,
      slotsPerModel: sequences,
      contextTokens,
      gpuAdapters: adapters,
      heldAdapters: adapters,
      spareUnloads: Number.POSITIVE_INFINITY,
      loadsNeedQuiet: false,
    };
  }

  async start(): Promise<void> {
    const { modelPath, threads } = this.#options;
    const llamaPackage = await loadLlamaPackage();
    await this.#load(async (signal) => {
      const llama = await openLlama(llamaPackage, threads, this.logger);
      this.#grammars = new LlamaGrammars(llama);
      this.#model = await llama.loadModel({ modelPath, loadSignal: signal });
      this.#chatWrapper = llamaPackage.resolveChatWrapper(this.#model);
      this.#base = await ContextPool.open(this.#model, this.#poolOptions);
    });
    this.#gone = new Promise((resolve) => {
      this.#leave = resolve;
    });
  }

  gone(): Promise<string> {
    return this.#gone;
  }

  async stop(): Promise<void> {
    this.#leave("stopped");
    this.#stopping.abort(new EngineError("the engine was stopped", 503, "service_unavailable", true));
    await Promise.allSettled(this.#loads);
    const embedding = await this.#embedding?.catch(() => undefined);
    await embedding?.dispose();
    for (const pool of this.#adapters.values()) await pool.close();
    this.#adapters.clear();
    await this.#base?.close();
    await this.#model?.dispose();
    this.#base = this.#model = this.#embedding = undefined;
  }

  async recycle(): Promise<boolean> {
    return false;
  }

  async loadAdapter({ engineName, path }: EngineAdapter): Promise<void> {
    if (this.#adapters.has(engineName)) return;
    try {
      await this.#load(async () => {
        const options = { ...this.#poolOptions, lora: path };
        this.#adapters.set(engineName, await ContextPool.open(this.#openModel(), options));
      });
    } catch (error) {
      if (error instanceof EngineError) throw error;
      throw new EngineError(`adapter ${engineName}: ${reasonOf(error)}`, 400, "invalid_request_error");
    }
  }

  async unloadAdapter(engineName: string): Promise<void> {
    const pool = this.#adapters.get(engineName);
    this.#adapters.delete(engineName);
    await pool?.close();
  }

  async stream(request: GenerationRequest, sink: EventSink, signal: AbortSignal): Promise<Usage> {
    const shapes = new OpenAiShapes(request.kind, request.publicModel);
    const opening = shapes.opening();
    const { usage, finishReason } = await this.#generate(
      request,
      signal,
      (text, tokens) => sink(shapes.text(text), tokens),
      // What the engine refuses gets a status, not a stream.
      () => opening && sink(opening, 0),
    );
    await sink(shapes.closing(finishReason), 0);
    if (wantsUsage(request.body)) await sink(shapes.usage(usage), 0);
    return usage;
  }

  async complete(request: GenerationRequest, signal: AbortSignal): Promise<Completion> {
    let content = "";
    const { usage, finishReason } = await this.#generate(request, signal, (text) => {
      content += text;
      return undefined;
    });
    return { body: new OpenAiShapes(request.kind, request.publicModel).whole(content, finishReason, usage), usage };
  }

  async embed({ body, publicModel }: EmbeddingRequest, signal: AbortSignal): Promise<Completion> {
    if (body.dimensions !== undefined) {
      const message = "dimensions is not supported by the embedded engine";
      throw new EngineError(message, 400, "invalid_request_error");
    }
    const model = this.#openModel();
    const { contextTokens, threads } = this.#options;
    this.#embedding ??= this.#load(() => model.createEmbeddingContext({ contextSize: contextTokens, threads }));
    const context = await this.#embedding;
    const inputs = Array.isArray(body.input) ? body.input.map(String) : [String(body.input)];
    const data: { object: "embedding"; index: number; embedding: readonly number[] | string }[] = [];
    let promptTokenCount = 0;
    for (const [index, input] of inputs.entries()) {
      signal.throwIfAborted();
      const tokens = model.tokenize(input);
      this.#refuseTooLong(tokens.length, 0);
      promptTokenCount += tokens.length;
      const vector = unitLength((await context.getEmbeddingFor(tokens)).vector);
      const base64 = () => Buffer.from(Float32Array.from(vector).buffer).toString("base64");
      data.push({ object: "embedding", index, embedding: body.encoding_format === "base64" ? base64() : vector });
    }
    const usage = { promptTokens: promptTokenCount, completionTokens: 0 };
    const { prompt_tokens, total_tokens } = usageObject(usage);
    const answer = { object: "list", data, model: publicModel, usage: { prompt_tokens, total_tokens } };
    return { body: Buffer.from(JSON.stringify(answer)), usage };
  }

  stats(): EngineStats {
    const pools = [this.#base, ...this.#adapters.values()].filter((pool) => pool !== undefined);
    const capacity = pools.reduce((sum, pool) => sum + pool.capacityTokens, 0);
    const used = pools.reduce((sum, pool) => sum + pool.busyTokens, 0);
    return {
      kvCacheUsage: capacity === 0 ? 0 : Math.min(1, used / capacity),
      running: pools.reduce((sum, pool) => sum + pool.busy, 0),
      waiting: 0,
    };
  }

  async #generate(
    request: GenerationRequest,
    signal: AbortSignal,
    onText: (text: string, tokens: number) => Promise<void> | undefined,
    onBegin?: () => Promise<void> | undefined,
  ): Promise<{ usage: Usage; finishReason: string }> {
    const model = this.#openModel();
    const pool = request.adapter === undefined ? this.#base : this.#adapters.get(request.adapter);
    if (!pool) throw new EngineError(`adapter ${request.adapter} is not loaded`, 404, "not_found_error");
    const tokens = promptTokens(this.#chatWrapper!, model, request.kind, request.body);
    const wanted =
      numberOf(request.body.max_completion_tokens) ?? numberOf(request.body.max_tokens) ?? request.mostTokens;
    this.#refuseTooLong(tokens.length, 1);
    const grammar = await this.#grammars!.for(request.body);
    const maxTokens = Math.min(wanted, this.#options.contextTokens - tokens.length);
    const sequence = await pool.take(tokens);
    if (!sequence) throw new EngineError("no free sequence", 503, "service_unavailable");
    try {
      await onBegin?.();
      return await this.#run({
        model,
        sequence,
        prompt: tokens,
        maxTokens,
        body: request.body,
        grammar,
        signal,
        onText,
      });
    } finally {
      pool.give(sequence);
    }
  }

  async #run({ model, sequence, prompt, maxTokens, body, grammar, signal, onText }: Generation): Promise<{
    usage: Usage;
    finishReason: string;
  }> {
    await sequence.adaptStateToTokens(prompt.slice(0, -1), false);
    const scanner = new StopScanner(stopStrings(body));
    const written: Token[] = [];
    let pending: Token[] = [];
    let finishReason = "length";
    const usage = () => ({ promptTokens: prompt.length, completionTokens: written.length });
    if (maxTokens === 0) return { usage: usage(), finishReason };

    for await (const token of sequence.evaluate(prompt.slice(sequence.nextTokenIndex), {
      temperature: numberOf(body.temperature) ?? 1,
      yieldEogToken: true,
      ...(grammar && { grammarEvaluationState: await newGrammarState(model, grammar) }),
      ...optional("topP", numberOf(body.top_p)),
      ...optional("topK", numberOf(body.top_k)),
      ...optional("minP", numberOf(body.min_p)),
      ...optional("seed", numberOf(body.seed)),
    })) {
      signal.throwIfAborted();
      const ended = model.isEogToken(token);
      if (ended && body.ignore_eos !== true) {
        finishReason = "stop";
        break;
      }
      pending.push(token);
      const text = ended ? "" : model.detokenize(pending, false, written.slice(-8));
      // An unfinished UTF-8 sequence ends in the replacement character; four bytes are the longest.
      if (!text.endsWith("\uFFFD") || pending.length >= 4) {
        const safe = scanner.push(text);
        const count = pending.length;
        written.push(...pending);
        pending = [];
        if (safe !== "") await onText(safe, count);
      }
      if (scanner.stopped) {
        finishReason = "stop";
        break;
      }
      if (written.length + pending.length >= maxTokens) break;
    }
    written.push(...pending);
    const rest = scanner.flush();
    if (rest !== "") await onText(rest, 0);
    return { usage: usage(), finishReason };
  }

  #refuseTooLong(tokens: number, reserve: number): void {
    const { contextTokens } = this.#options;
    if (tokens + reserve > contextTokens) {
      throw new EngineError(
        `This model's maximum context length is ${contextTokens} tokens. However, the request has ${tokens} input tokens.`,
        400,
        "invalid_request_error",
      );
    }
  }

  get #poolOptions(): PoolOptions {
    const { contextTokens, sequences, threads, promptCacheMib } = this.#options;
    return { contextTokens, sequences, threads, promptCacheBytes: promptCacheMib * 1_048_576 };
  }

  /**
   * Runs a load that {@link stop} waits for. The signal is for a model's weights, which take long. A context whose
   * creation is broken off would hold its model for good, and takes some milliseconds.
   */
  async #load<Loaded>(load: (signal: AbortSignal) => Promise<Loaded>): Promise<Loaded> {
    const { signal } = this.#stopping;
    signal.throwIfAborted();
    const running = load(signal);
    this.#loads.add(running);
    try {
      return await running;
    } finally {
      this.#loads.delete(running);
    }
  }

  #openModel(): LlamaModel {
    if (!this.#model) throw new EngineError("the engine has not started", 503, "service_unavailable", true);
    return this.#model;
  }
}

/** One generation, once a sequence is there for it. */
interface Generation {
  readonly model: LlamaModel;
  readonly sequence: LlamaContextSequence;
  readonly prompt: Token[];
  readonly maxTokens: number;
  readonly body: RequestBody;
  readonly grammar: LlamaGrammar | undefined;
  readonly signal: AbortSignal;
  readonly onText: (text: string, tokens: number) => Promise<void> | undefined;
}

async function newGrammarState(model: LlamaModel, grammar: LlamaGrammar): Promise<LlamaGrammarEvaluationState> {
  const { LlamaGrammarEvaluationState: State } = await loadLlamaPackage();
  return new State({ model, grammar });
}

function stopStrings(body: RequestBody): readonly string[] {
  const stop = body.stop;
  const list = Array.isArray(stop) ? stop.map(String) : typeof stop === "string" ? [stop] : [];
  return list.filter((text) => text !== "");
}

function wantsUsage(body: RequestBody): boolean {
  const options = body.stream_options;
  return (
    typeof options === "object" && options !== null && "include_usage" in options && options.include_usage === true
  );
}

function numberOf(value: unknown): number | undefined {
  return typeof value === "number" && Number.isFinite(value) ? value : undefined;
}

function optional<Key extends string>(key: Key, value: number | undefined): Partial<Record<Key, number>> {
  return value === undefined ? {} : ({ [key]: value } as Record<Key, number>);
}

function unitLength(vector: readonly number[]): number[] {
  const length = Math.hypot(...vector);
  return length === 0 ? [...vector] : vector.map((value) => value / length);
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
