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
import * as llama from "../../../runtime/llama";
import { importLlama, type LlamaPackage } from "../../../runtime/llama";
import type { Logger } from "../../../runtime/logger";
import { EngineError, type RequestBody } from "./engine";
import { place, StateFiles } from "./prompt-cache";

/** Threads for llama.cpp that leave a core for everything else: all but one, at least one, at most eight. */
export function llamaThreads(cores = availableParallelism()): number {
  return Math.min(8, Math.max(1, cores - 1));
}

/**
 * Imports node-llama-cpp when it is first needed.
 * @throws EngineError that says how to get it, when it is not installed.
 */
export async function loadLlamaPackage(): Promise<LlamaPackage> {
  try {
    return await importLlama();
  } catch (error) {
    const reason = error instanceof Error ? error.message.split("\n")[0] : String(error);
    throw new EngineError(
      `the embedded engine needs the package node-llama-cpp beside this program (npm install node-llama-cpp@${llamaVersion}), or choose --engine vllm: ${reason}`,
      500,
      "internal_error",
    );
  }
}

/** Opens llama.cpp; what it writes goes to the log. */
export function openLlama(llamaPackage: LlamaPackage, threads: number, logger: Logger): Promise<Llama> {
  return llama.openLlama(llamaPackage, threads, (level, message) => logger.debug({ level }, message));
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

/** What a pool of sequences is opened with. */
export interface PoolOptions {
  readonly contextTokens: number;
  readonly sequences: number;
  readonly threads: number;
  /** Absolute path of a LoRA adapter in GGUF; none for the base model. */
  readonly lora?: string;
  /** Bytes of files that keep what conversations have computed; 0 keeps none. */
  readonly promptCacheBytes: number;
}

/** One llama.cpp context with its sequences: the base model, or the base model with one LoRA adapter. */
export class ContextPool {
  readonly #free: { readonly sequence: LlamaContextSequence; usedAt: number }[];
  readonly #busy = new Set<LlamaContextSequence>();
  readonly #files: StateFiles | undefined;
  #uses = 0;
  /** One sequence is placed at a time: another one's state may be copied meanwhile. */
  #placing: Promise<unknown> = Promise.resolve();

  private constructor(
    readonly context: LlamaContext,
    promptCacheBytes: number,
  ) {
    this.#free = Array.from({ length: context.totalSequences }, () => ({ sequence: context.getSequence(), usedAt: 0 }));
    this.#files = promptCacheBytes === 0 ? undefined : new StateFiles(promptCacheBytes);
  }

  static async open(model: LlamaModel, options: PoolOptions): Promise<ContextPool> {
    const { contextTokens, sequences, threads, lora, promptCacheBytes } = options;
    const context = await model.createContext({
      contextSize: contextTokens,
      sequences,
      threads,
      // A sliding window forgets the start of a prompt, which is what turns have in common.
      swaFullCache: promptCacheBytes > 0,
      ...(lora === undefined ? {} : { lora }),
    });
    return new ContextPool(context, promptCacheBytes);
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

  /** Takes a free sequence that holds as much of the prompt as can be had; undefined when all are busy. */
  take(tokens: readonly Token[]): Promise<LlamaContextSequence | undefined> {
    const placed = this.#placing.then(() => this.#place(tokens));
    this.#placing = placed.catch(() => undefined);
    return placed;
  }

  async #place(tokens: readonly Token[]): Promise<LlamaContextSequence | undefined> {
    const files = this.#files?.held ?? [];
    const free = this.#free.map(({ sequence, usedAt }) => ({ tokens: sequence.contextTokens, usedAt }));
    const placement = place(tokens, free, files);
    if (placement === undefined) return undefined;
    const { take, save, bring } = placement;
    const donor = bring?.from === "sequence" ? this.#free[bring.index]!.sequence : undefined;
    const [taken] = this.#free.splice(take, 1);
    const { sequence } = taken!;
    this.#busy.add(sequence);
    if (this.#files === undefined) return sequence;
    try {
      const source = bring?.from === "file" ? files[bring.index] : undefined;
      if (save) await this.#files.save(sequence, ++this.#uses);
      const index = donor
        ? await this.#files.save(donor, ++this.#uses)
        : source === undefined
          ? -1
          : this.#files.held.indexOf(source);
      if (index >= 0) await this.#files.bring(index, sequence, ++this.#uses);
    } catch {
      // Nothing is kept of what could not be brought whole: the prompt is computed.
      await sequence.clearHistory();
    }
    return sequence;
  }

  give(sequence: LlamaContextSequence): void {
    this.#busy.delete(sequence);
    this.#free.push({ sequence, usedAt: ++this.#uses });
  }

  async close(): Promise<void> {
    await this.#placing;
    await this.context.dispose();
    await this.#files?.close();
  }
}
