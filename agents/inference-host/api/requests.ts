import { type RequestKind, requestSchemas } from "../../../contracts/openai";
import { outputTokens } from "../../../contracts/requests";
import { RequestError } from "../../../runtime/openai/errors";
import { parseBody } from "../../../runtime/openai/requests";
import type { RequestBody } from "../engines/engine";
import { withoutMeaningless } from "../engines/promise";

export interface RequestLimits {
  /** Tokens that one request may ask for. */
  readonly maxOutputTokens: number;
  readonly contextTokens: number;
}

export interface ParsedRequest {
  readonly body: RequestBody & { readonly model: string };
  readonly stream: boolean;
  /** Tokens to generate at most: the client's limit, or this host's. */
  readonly mostTokens: number;
  /** Tokens of the prompt, by its length. */
  readonly promptTokens: number;
  /** Tokens that it may cost: the prompt, plus what may be generated. */
  readonly expectedTokens: number;
}

/** A guess at the prompt's tokens from its bytes; the engine counts exactly. */
const bytesPerToken = 4;
/** No tokeniser makes tokens longer than this on average; a longer prompt cannot fit whatever it says. */
const longestToken = 24;

/**
 * Checks a request body.
 * @throws RequestError with the parameter's name, as OpenAI words it
 */
export function parseRequest(kind: RequestKind, text: string, limits: RequestLimits): ParsedRequest {
  const parsed = parseBody(requestSchemas[kind], text);
  const body = withoutMeaningless(parsed as RequestBody) as ParsedRequest["body"];
  const output = kind === "embedding" ? 0 : tokensAsked(body, limits);
  const { n = 1, prompt } = body as { readonly n?: number; readonly prompt?: unknown };
  const sequences = n * (Array.isArray(prompt) ? prompt.length : 1);
  if (text.length > limits.contextTokens * longestToken * (kind === "embedding" ? 64 : 1)) {
    throw tooLong(limits.contextTokens);
  }
  const promptTokens = Math.ceil(text.length / bytesPerToken);
  return {
    body,
    stream: body.stream === true,
    mostTokens: output,
    promptTokens,
    expectedTokens: promptTokens + sequences * output,
  };
}

function tokensAsked(body: RequestBody, { maxOutputTokens }: RequestLimits): number {
  const key = body.max_completion_tokens === undefined ? "max_tokens" : "max_completion_tokens";
  const wanted = body[key] as number | undefined;
  if (wanted !== undefined && wanted > maxOutputTokens) {
    throw new RequestError(
      400,
      `${key} is too large: ${wanted}. This node generates at most ${maxOutputTokens} tokens.`,
      key,
      "invalid_value",
    );
  }
  return wanted ?? Math.min(outputTokens.fallback, maxOutputTokens);
}

function tooLong(contextTokens: number): RequestError {
  const message = `This model's maximum context length is ${contextTokens} tokens; the request is longer.`;
  return new RequestError(400, message, "messages", "context_length_exceeded");
}
