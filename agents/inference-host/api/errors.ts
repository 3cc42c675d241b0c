import { type ErrorAnswer, RequestError } from "../../../runtime/openai/errors";
import { Refusal } from "../admission/refusal";
import { EngineError, isTooLong } from "../engines/engine";

/** Turns any failure into status and body; what is not ours to explain becomes a plain 500. */
export function errorAnswer(error: unknown): ErrorAnswer {
  if (error instanceof RequestError) {
    const { status, message, type, param, code } = error;
    return { status, body: { error: { message, type, param, code } } };
  }
  if (error instanceof Refusal) {
    const type =
      error.status === 429 ? "rate_limit_error" : error.status === 504 ? "timeout_error" : "service_unavailable";
    return {
      status: error.status,
      body: { error: { message: error.message, type, param: null, code: error.reason } },
      ...(error.status === 504 ? {} : { retryAfterSeconds: error.retryAfterSeconds }),
    };
  }
  if (error instanceof EngineError) {
    const { message, type } = error;
    const body = { error: { message, type, param: null, code: codeOf(error) } };
    return { status: error.status, body, ...(error.status === 503 ? { retryAfterSeconds: 2 } : {}) };
  }
  const body = { error: { message: "The server had an error.", type: "internal_error", param: null, code: null } };
  return { status: 500, body };
}

function codeOf(error: EngineError): string | null {
  if (error.engineGone) return "engine_failed";
  return isTooLong(error) ? "context_length_exceeded" : null;
}
