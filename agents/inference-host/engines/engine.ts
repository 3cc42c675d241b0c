/** A body that has passed validation; keys this host does not know are passed on to the engine. */
export type RequestBody = Readonly<Record<string, unknown>>;

/** One generation as an engine sees it. */
export interface GenerationRequest {
  readonly kind: "chat" | "completion";
  readonly body: RequestBody;
  /** The adapter by its name in the engine; undefined for the base model. */
  readonly adapter: string | undefined;
  /** The name that the client asked for and must find in the answer. */
  readonly publicModel: string;
  /** Tokens to generate at most where the body names no limit, and less where the model's context has no room for as many. */
  readonly mostTokens: number;
  readonly requestId: string;
  /** `traceparent` and `tracestate`, for engines that are processes of their own. */
  readonly trace: Readonly<Record<string, string>>;
}

export interface EmbeddingRequest {
  readonly body: RequestBody;
  readonly publicModel: string;
  readonly requestId: string;
  readonly trace: Readonly<Record<string, string>>;
}

export interface Usage {
  readonly promptTokens: number;
  readonly completionTokens: number;
}

/**
 * Takes one server-sent event at a time: complete, with its blank line, without the final `[DONE]`.
 * A promise asks the engine to hold back until it resolves.
 */
export type EventSink = (event: Buffer, tokens: number) => Promise<void> | undefined;

/** The answer to a request that is not streamed: an OpenAI object, serialised. */
export interface Completion {
  readonly body: Buffer;
  readonly usage: Usage;
}

/** An adapter whose files have passed preflight. */
export interface EngineAdapter {
  /** Unique per version, so that two versions can live in the engine at once. */
  readonly engineName: string;
  /** Absolute path: the folder of a PEFT adapter, or a GGUF file. */
  readonly path: string;
}

export interface EngineStats {
  /** 0-1. */
  readonly kvCacheUsage: number;
  readonly running: number;
  readonly waiting: number;
  /** Changes whenever the engine has worked on anything; absent where it does not say. */
  readonly progress?: number;
}

/** What bounds the work that an engine can take. */
export interface EngineCapacity {
  /** Requests that it works on at once. */
  readonly slots: number;
  /** Requests of one model (base or adapter) that it works on at once; infinite when all share one batch. */
  readonly slotsPerModel: number;
  readonly contextTokens: number;
  /** Distinct adapters that may have requests in flight at once. */
  readonly gpuAdapters: number;
  /** Adapters that it can hold, those on the GPU included. */
  readonly heldAdapters: number;
  /** Adapters that may be unloaded before their room in the engine is used up; infinite when unloading frees it. */
  readonly spareUnloads: number;
  /** True when an adapter must not be loaded while requests with adapters run. */
  readonly loadsNeedQuiet: boolean;
}

/** What turns tokens into tokens. Every method but `stats` may throw {@link EngineError}. */
export interface Engine {
  readonly kind: "vllm" | "llama.cpp";
  /** True when it takes its GPU memory at start whatever the load. */
  readonly preallocatesMemory: boolean;
  /** Format of the adapter files that it reads. */
  readonly adapterFormat: "safetensors" | "gguf";
  readonly baseModel: string;
  capacity(): EngineCapacity;
  /** Resolves when the engine can be asked; adapters of an earlier life are gone then. */
  start(signal: AbortSignal): Promise<void>;
  /** Resolves with the reason when the engine that was started is gone. */
  gone(): Promise<string>;
  stop(): Promise<void>;
  /** Ends the engine so that it is started anew. @returns false when that is not in this host's hands */
  recycle(): Promise<boolean>;
  /**
   * Ends an engine that hangs, at once: what is in flight fails, and {@link gone} resolves with the reason. Absent where the engine lives
   * in this process.
   * @returns false when that is not in this host's hands
   */
  endHung?(reason: string): boolean;
  loadAdapter(adapter: EngineAdapter): Promise<void>;
  unloadAdapter(engineName: string): Promise<void>;
  stream(request: GenerationRequest, sink: EventSink, signal: AbortSignal): Promise<Usage>;
  complete(request: GenerationRequest, signal: AbortSignal): Promise<Completion>;
  embed(request: EmbeddingRequest, signal: AbortSignal): Promise<Completion>;
  stats(): EngineStats;
}

/** An engine's refusal or failure, with the HTTP status and OpenAI error type that a client should see. */
export class EngineError extends Error {
  override readonly name = "EngineError";
  constructor(
    message: string,
    readonly status: number,
    readonly type: string,
    /** True when the engine itself is gone, so that another attempt may succeed once it is back. */
    readonly engineGone = false,
  ) {
    super(message);
  }
}

/** True when a prompt and what may be said to it are longer than the model's context; vLLM words it in several ways. */
export function isTooLong(error: unknown): boolean {
  return (
    error instanceof EngineError && error.status === 400 && /context length|maximum model length/.test(error.message)
  );
}

/** The error of an engine that went away under a request. */
export function engineGone(reason: string): EngineError {
  return new EngineError(`the engine is gone: ${reason}`, 503, "service_unavailable", true);
}
