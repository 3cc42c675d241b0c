import type { ServerResponse } from "node:http";
import { type ErrorAnswer, RequestError } from "../../../runtime/openai/errors";
import { sendErrorAnswer } from "../../../runtime/openai/http";
import { Problem } from "../../../runtime/service";
import { Unavailable } from "../routing/route";

/** Turns any failure into status and body; what is not ours to explain becomes a plain 500. */
export function errorAnswer(error: unknown): ErrorAnswer {
  if (error instanceof RequestError) {
    const { status, message, type, param, code } = error;
    return { status, body: { error: { message, type, param, code } } };
  }
  if (error instanceof Limited) {
    const { message, retryAfterSeconds, limit } = error;
    const code = limit === "tokens" ? "insufficient_quota" : "rate_limit_exceeded";
    return {
      status: 429,
      body: { error: { message, type: "rate_limit_error", param: null, code } },
      retryAfterSeconds,
    };
  }
  if (error instanceof Unavailable) {
    const { status, message, code, retryAfterSeconds } = error;
    const type = status === 429 ? "rate_limit_error" : "service_unavailable";
    return { status, body: { error: { message, type, param: null, code } }, retryAfterSeconds };
  }
  if (error instanceof Problem) {
    const { status, message, headers } = error;
    const { type, code } = openAiWords[error.problem.name] ?? openAiWords.unavailable!;
    const seconds = headers["retry-after"];
    return {
      status,
      body: { error: { message: sentence(message), type, param: null, code } },
      ...(seconds === undefined ? {} : { retryAfterSeconds: Number(seconds) }),
    };
  }
  const body = { error: { message: "The server had an error.", type: "internal_error", param: null, code: null } };
  return { status: 500, body };
}

/** What the OpenAI API calls the problems with which the kit refuses a caller. */
const openAiWords: Readonly<Record<string, { readonly type: string; readonly code: string }>> = {
  unauthenticated: { type: "authentication_error", code: "invalid_api_key" },
  forbidden: { type: "permission_error", code: "insufficient_scope" },
  unavailable: { type: "service_unavailable", code: "keys_unavailable" },
};

const sentence = (words: string) => `${words[0]!.toUpperCase()}${words.slice(1)}.`;

/** A key has used up what it may. */
export class Limited extends Error {
  override readonly name = "Limited";
  constructor(
    readonly limit: "requests" | "tokens",
    readonly retryAfterSeconds: number,
  ) {
    super(
      limit === "tokens"
        ? "The key's token budget of this day is spent."
        : "The key's requests of this minute are spent.",
    );
  }
}

/** Sends an error in OpenAI's shape, or ends a stream that has begun with an error event. @returns The status */
export function sendError(response: ServerResponse, error: unknown, closeConnection = false): number {
  const answer = errorAnswer(error);
  sendErrorAnswer(response, answer, closeConnection);
  return answer.status;
}
