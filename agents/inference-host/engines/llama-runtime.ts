import { availableParallelism } from "node:os";
import type {
  ChatHistoryItem,
  ChatWrapper,
  Llama,
  LlamaContext,
  LlamaContextSequence,
  LlamaModel,
  Token,
} from "node-llama-cpp";
import { llamaVersion } from "../../../contracts/node";
import type { Logger } from "../../../runtime/logger";
import { EngineError, type RequestBody } from "./engine";

/** Threads for llama.cpp that leave a core for everything else: all but one, at least one, at most eight. */
export function llamaThreads(cores = availableParallelism()): number {
  return Math.min(8, Math.max(1, cores - 1));
}

type LlamaPackage = typeof import("node-llama-cpp");
let loading: Promise<LlamaPackage> | undefined;

/**
 * Imports node-llama-cpp when it is first needed: it is a native package and stays outside the bundle.
 * @throws EngineError that says how to get it, when it is not installed.
 */
export async function loadLlamaPackage(): Promise<LlamaPackage> {
  loading ??= import("node-llama-cpp");
  try {
    return await loading;
  } catch (error) {
    loading = undefined;
    const reason = error instanceof Error ? error.message.split("\n")[0] : String(error);
    throw new EngineError(
      `the embedded engine needs the package node-llama-cpp beside this program (npm install node-llama-cpp@${llamaVersion}), or choose --engine vllm: ${reason}`,
      500,
      "internal_error",
    );
  }
}

/** Opens llama.cpp on the CPU with prebuilt binaries only: nothing is compiled or downloaded. */
export async function openLlama(llamaPackage: LlamaPackage, threads: number, logger: Logger): Promise<Llama> {
  return llamaPackage.getLlama({
    gpu: false,
    build: "never",
    skipDownload: true,
    progressLogs: false,
    maxThreads: threads,
    logLevel: llamaPackage.LlamaLogLevel.warn,
    logger: (level, message) => logger.debug({ level }, message),
  });
}

/** Turns an OpenAI prompt or message list into tokens. Finding a model's chat template takes a second: do it once. */
export function promptTokens(
  wrapper: ChatWrapper,
  model: LlamaModel,
  kind: "chat" | "completion",
  body: RequestBody,
): Token[] {
  if (kind === "completion") return model.tokenize(String(body.prompt));
  const messages = Array.isArray(body.messages) ? (body.messages as readonly ChatMessage[]) : [];
  const chatHistory = [...messages.map(historyItem), { type: "model" as const, response: [] }];
  return wrapper.generateContextState({ chatHistory }).contextText.tokenize(model.tokenizer);
}

interface ChatMessage {
  readonly role: string;
  readonly content?: string | readonly { readonly type: string; readonly text?: string }[] | null;
}

function historyItem({ role, content }: ChatMessage): ChatHistoryItem {
  const text = typeof content === "string" ? content : (content ?? []).map((part) => part.text ?? "").join("");
  if (role === "assistant") return { type: "model", response: [text] };
  return role === "system" || role === "developer" ? { type: "system", text } : { type: "user", text };
}

/** One llama.cpp context with its sequences: the base model, or the base model with one LoRA adapter. */
export class ContextPool {
  readonly #free: LlamaContextSequence[];
  readonly #busy = new Set<LlamaContextSequence>();

  private constructor(readonly context: LlamaContext) {
    this.#free = Array.from({ length: context.totalSequences }, () => context.getSequence());
  }

  /** @param lora Absolute path of a LoRA adapter in GGUF; none for the base model. */
  static async open(
    model: LlamaModel,
    options: {
      readonly contextTokens: number;
      readonly sequences: number;
      readonly threads: number;
      readonly lora?: string;
    },
  ): Promise<ContextPool> {
    const context = await model.createContext({
      contextSize: options.contextTokens,
      sequences: options.sequences,
      threads: options.threads,
      ...(options.lora === undefined ? {} : { lora: options.lora }),
    });
    return new ContextPool(context);
  }

  get busyTokens(): number {
    let tokens = 0;
    for (const sequence of this.#busy) tokens += sequence.nextTokenIndex;
    return tokens;
  }

  get busy(): number {
    return this.#busy.size;
  }

  get capacityTokens(): number {
    return this.context.contextSize * this.context.totalSequences;
  }

  /** Takes the free sequence that already holds the longest prefix of the prompt; undefined when all are busy. */
  take(tokens: readonly Token[]): LlamaContextSequence | undefined {
    const best = this.#free
      .map((sequence, index) => ({ index, prefix: commonPrefix(sequence.contextTokens, tokens) }))
      .sort((a, b) => b.prefix - a.prefix)[0];
    if (!best) return undefined;
    const [sequence] = this.#free.splice(best.index, 1);
    this.#busy.add(sequence!);
    return sequence;
  }

  give(sequence: LlamaContextSequence): void {
    this.#busy.delete(sequence);
    this.#free.push(sequence);
  }

  async close(): Promise<void> {
    await this.context.dispose();
  }
}

function commonPrefix(held: readonly Token[], wanted: readonly Token[]): number {
  let length = 0;
  while (length < held.length && length < wanted.length && held[length] === wanted[length]) length++;
  return length;
}
