import { RequestError } from "../../../runtime/openai/errors";
import type { RequestBody } from "../engines/engine";

/** Parameters of a request by the steps of a chain that they concern. Whatever is in none of these lists is refused where it says something. */
const concerns = {
  /** How words are drawn, in every step. */
  everyStep: ["temperature", "top_p", "top_k", "min_p", "seed"],
  /** The words that the player gets. */
  answer: [
    "stop",
    "presence_penalty",
    "frequency_penalty",
    "repetition_penalty",
    "max_tokens",
    "max_completion_tokens",
  ],
  /** Not a step's business. */
  request: ["model", "messages", "stream", "stream_options", "turn", "user", "metadata", "store"],
} as const;
const known: readonly string[] = Object.values(concerns).flat();

/** Values that ask for nothing. */
function asksNothing(key: string, value: unknown): boolean {
  if (value === undefined || value === null || value === false) return true;
  if (key === "response_format") return (value as { readonly type?: unknown }).type === "text";
  if (key === "n") return value === 1;
  if (key === "tool_choice") return value === "none";
  if (key === "parallel_tool_calls") return true;
  return typeof value === "object" && Object.keys(value).length === 0;
}

/** @throws RequestError 400 for a parameter that no step of a chain can follow: an answer that ignored it would be a lie. */
export function refuseForeign(body: RequestBody, model: string): void {
  const foreign = Object.keys(body).find((key) => !known.includes(key) && !asksNothing(key, body[key]));
  if (foreign === undefined) return;
  const message = `${foreign} is not for chains: their steps have forms of their own. Ask for base or ARCHETYPE/TASK instead of ${model}.`;
  throw new RequestError(400, message, foreign, "unsupported_parameter");
}

/** The client's parameters for one step; limits of tokens are the caller's. */
export function parametersFor(body: RequestBody, answers: boolean): RequestBody {
  const keys: readonly string[] = answers ? [...concerns.everyStep, ...concerns.answer] : concerns.everyStep;
  const own = keys.filter((key) => !key.startsWith("max_") && body[key] !== undefined && body[key] !== null);
  return Object.fromEntries(own.map((key) => [key, body[key]]));
}
