import type { ChatChunk, ChatTurn } from "../state";
import { eventData } from "./sse";

/** Where turns are asked for, and with which key. */
export interface TurnTarget {
  /** Base URL of the public edge. */
  readonly url: string;
  /** The router's own key. */
  readonly key: string;
}

/** Header in which the router names the tier that answers. */
const tierHeader = "x-ai-router-tier";

/** Asks the router for a streamed turn, as a game would; yields who answers, then the text as it comes. */
export async function* askTurn(
  { url, key }: TurnTarget,
  turn: ChatTurn,
  signal: AbortSignal,
): AsyncIterable<ChatChunk> {
  const { budgetMs, ...asked } = turn;
  const headers = new Headers({ "content-type": "application/json", "x-api-key": key });
  if (budgetMs !== undefined) headers.set("x-latency-budget-ms", String(budgetMs));
  const response = await fetch(`${url}/v1/chat/completions`, {
    method: "POST",
    headers,
    body: JSON.stringify({ ...asked, stream: true }),
    signal,
  });
  if (!response.ok || response.body === null) {
    yield { error: await describe(response), status: response.status };
    return;
  }
  let named = false;
  for await (const data of eventData(response.body)) {
    const event = JSON.parse(data) as StreamEvent;
    if (event.error !== undefined) {
      yield { error: event.error.message ?? "the stream broke", status: response.status };
      return;
    }
    if (!named) yield { tier: response.headers.get(tierHeader) ?? "unknown", model: event.model ?? turn.model };
    named = true;
    const text = event.choices?.[0]?.delta?.content;
    if (text) yield { text };
  }
}

interface StreamEvent {
  readonly model?: string;
  readonly error?: { readonly message?: string };
  readonly choices?: readonly { readonly delta?: { readonly content?: string } }[];
}

/** The message of an error answer: OpenAI's form, problem+json, or the body itself. */
async function describe(response: Response): Promise<string> {
  const body = await response.text();
  try {
    const { error, detail, status } = JSON.parse(body) as Record<string, unknown>;
    if (typeof error === "object" && error !== null && "message" in error) return String(error.message);
    return String(detail ?? status ?? body);
  } catch {
    return body.slice(0, 300);
  }
}
