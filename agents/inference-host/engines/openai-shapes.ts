import { randomUUID } from "node:crypto";
import type { Turn } from "../../../contracts/turns";
import type { Usage } from "./engine";

/** Ids, envelopes and chunks as the OpenAI API spells them, for an engine that has no HTTP server of its own. */
export class OpenAiShapes {
  readonly id: string;
  readonly #created = Math.floor(Date.now() / 1000);

  constructor(
    private readonly kind: "chat" | "completion",
    private readonly model: string,
  ) {
    this.id = `${kind === "chat" ? "chatcmpl" : "cmpl"}-${randomUUID()}`;
  }

  /** The first chunk of a chat stream, which names the role; none for a plain completion. */
  opening(): Buffer | undefined {
    return this.kind === "chat" ? this.#chunk({ delta: { role: "assistant", content: "" } }, null) : undefined;
  }

  text(content: string): Buffer {
    return this.#chunk(this.kind === "chat" ? { delta: { content } } : { text: content }, null);
  }

  closing(finishReason: string): Buffer {
    return this.#chunk(this.kind === "chat" ? { delta: {} } : { text: "" }, finishReason);
  }

  /** A chunk without words that carries parts of a character's turn. */
  turn(turn: Turn): Buffer {
    return event({
      ...this.#head(true),
      choices: [{ index: 0, delta: {}, logprobs: null, finish_reason: null }],
      turn,
    });
  }

  usage(usage: Usage): Buffer {
    return event({ ...this.#head(true), choices: [], usage: usageObject(usage) });
  }

  /** The whole answer of a request that is not streamed. */
  whole(content: string, finishReason: string, usage: Usage, extra: Readonly<Record<string, unknown>> = {}): Buffer {
    const choice =
      this.kind === "chat"
        ? { index: 0, message: { role: "assistant", content }, logprobs: null, finish_reason: finishReason }
        : { index: 0, text: content, logprobs: null, finish_reason: finishReason };
    return Buffer.from(
      JSON.stringify({ ...this.#head(false), choices: [choice], usage: usageObject(usage), ...extra }),
    );
  }

  #chunk(part: Readonly<Record<string, unknown>>, finishReason: string | null): Buffer {
    return event({
      ...this.#head(true),
      choices: [{ index: 0, ...part, logprobs: null, finish_reason: finishReason }],
    });
  }

  #head(streamed: boolean) {
    const object = this.kind === "chat" ? (streamed ? "chat.completion.chunk" : "chat.completion") : "text_completion";
    return { id: this.id, object, created: this.#created, model: this.model };
  }
}

/** Token counts as the API spells them. */
export function usageObject({ promptTokens, completionTokens }: Usage) {
  return {
    prompt_tokens: promptTokens,
    completion_tokens: completionTokens,
    total_tokens: promptTokens + completionTokens,
  };
}

/** One server-sent event with a JSON payload. */
export function event(payload: unknown): Buffer {
  return Buffer.from(`data: ${JSON.stringify(payload)}\n\n`);
}
