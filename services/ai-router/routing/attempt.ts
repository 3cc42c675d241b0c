import type { IncomingHttpHeaders, ServerResponse } from "node:http";
import { EventStream } from "../../../runtime/streaming/event-stream";
import { asError, streamRequest } from "../../../runtime/streaming/stream-request";
import type { Tier } from "./tier";
import { type Usage, UsageTap } from "./usage";

/** A request as it goes to a tier. */
export interface Call {
  readonly path: string;
  /** What the client calls the model. */
  readonly model: string;
  /** The body for a model's name: the base model has another one in each tier. */
  readonly bodyFor: (model: string) => string;
  /** Leaves a part of what the router itself put into the body out of it; false when there is nothing left to leave out. */
  readonly shorten?: () => boolean;
  readonly headers: Readonly<Record<string, string>>;
  /** When the answer is of no use any more, by `performance.now()`. */
  readonly endsAt: number;
  readonly stream: boolean;
  /** The client asked for the usage event of the stream. */
  readonly wantsUsage: boolean;
}

/** What came of asking a tier. Only `streamed` has sent anything to the client. */
export type Outcome =
  | { readonly kind: "answered"; readonly status: number; readonly headers: IncomingHttpHeaders; readonly body: string }
  | { readonly kind: "streamed"; readonly usage: Usage; readonly failure?: string }
  /** A node says that it is full. */
  | { readonly kind: "busy"; readonly said: string; readonly retryAfterSeconds: number | undefined }
  /** A node says that it is not ready: as a rule its model has not answered yet. */
  | { readonly kind: "loading"; readonly said: string; readonly retryAfterSeconds: number | undefined }
  /** A node says that it is leaving; the load balancer will soon not choose it any more. */
  | { readonly kind: "leaving" }
  /** The tier has no node: its load balancer says so, or nobody listens. */
  | { readonly kind: "absent" }
  /** Failed before a byte had gone to the client. */
  | { readonly kind: "broken"; readonly reason: string }
  /** Ended by us: the client left, the deadline passed, or another tier was faster. */
  | { readonly kind: "ended" };

/** The client's side of a stream, shared by the tiers that race for it. */
export interface Delivery {
  readonly response: ServerResponse;
  /** Takes the stream for a tier and writes its head; false when another one has it. */
  readonly claim: (tier: Tier, headers: IncomingHttpHeaders) => boolean;
  /** Milliseconds that the client may stop reading. */
  readonly stallMs: number;
  /** Sees every chunk that was sent. */
  readonly onChunk?: (chunk: Buffer) => void;
}

/** Bytes of an answer that is not streamed; more than any model says. */
const answerLimit = 32 * 1_048_576;

/** A guess at a prompt's tokens, for a stream that ends before it says. */
const charactersPerToken = 4;

/** Another tier sent its first byte earlier. */
class LostRace extends Error {
  override readonly name = "LostRace";
}

/**
 * Asks one tier. Bytes of a stream go on as they come, unread but for the usage event, and a client that reads slowly slows the
 * tier; an answer that is not streamed is kept whole, so that a failure in its middle can be tried again.
 */
export async function attempt(tier: Tier, call: Call, delivery: Delivery, signal: AbortSignal): Promise<Outcome> {
  const asked = call.bodyFor(tier.nameOf(call.model));
  const tap = new UsageTap(call.wantsUsage, Math.ceil(asked.length / charactersPerToken));
  const events = new EventStream(delivery.response, delivery.stallMs, () => delivery.response.destroy());
  const kept: Buffer[] = [];
  let head: { readonly status: number; readonly headers: IncomingHttpHeaders } | undefined;
  let streaming = false;
  let claimed = false;
  let bytes = 0;

  const onData = (piece: Buffer): Promise<void> | undefined => {
    if (!streaming) {
      bytes += piece.length;
      if (bytes > answerLimit) return Promise.reject(new Error("the answer is larger than 32 MiB"));
      kept.push(piece);
      return undefined;
    }
    if (!claimed) {
      if (!delivery.claim(tier, head!.headers)) return Promise.reject(new LostRace());
      claimed = true;
    }
    const passed = tap.pass(piece);
    delivery.onChunk?.(passed);
    return events.send(passed);
  };
  const request = {
    origin: tier.url,
    path: call.path,
    method: "POST",
    headers: { ...call.headers, "x-deadline-ms": String(Math.max(1, Math.round(call.endsAt - performance.now()))) },
    body: asked,
    // An answer that is not streamed has its first byte when it is whole: only its deadline says how long that may take.
    ...(call.stream ? {} : { headersTimeout: 0 }),
  } as const;
  try {
    await streamRequest(
      tier.agent,
      request,
      {
        onHead: (status, headers) => {
          head = { status, headers };
          streaming = status === 200 && String(headers["content-type"]).startsWith("text/event-stream");
        },
        onData,
      },
      signal,
    );
  } catch (error) {
    if (claimed) return { kind: "streamed", usage: tap.usage, failure: asError(error).message };
    if (signal.aborted || error instanceof LostRace) return { kind: "ended" };
    const { code, message } = asError(error) as NodeJS.ErrnoException;
    return absentCodes.has(code ?? "") ? { kind: "absent" } : { kind: "broken", reason: message };
  }
  if (claimed) return { kind: "streamed", usage: tap.usage };
  if (streaming) return { kind: "broken", reason: "the stream ended before it began" };
  return judge(head!.status, head!.headers, Buffer.concat(kept).toString("utf8"));
}

/** Nobody listens. */
const absentCodes = new Set(["ECONNREFUSED", "ENOTFOUND", "EAI_AGAIN", "UND_ERR_CONNECT_TIMEOUT"]);

/** A node answers with its request id; a 502, 503 or 504 without one is the load balancer's own. */
function judge(status: number, headers: IncomingHttpHeaders, body: string): Outcome {
  const fromNode = headers["x-request-id"] !== undefined;
  if (status === 503 && !fromNode) return { kind: "absent" };
  if (status === 429 || status === 503) {
    const seconds = Number(headers["retry-after"]);
    const retryAfterSeconds = Number.isFinite(seconds) ? seconds : undefined;
    const { code, message: said = `status ${status}` } = errorOf(body);
    if (code === "draining") return { kind: "leaving" };
    if (code === "not_ready") return { kind: "loading", said, retryAfterSeconds };
    if (code === "engine_failed") return { kind: "broken", reason: "the node's engine is gone" };
    return { kind: "busy", said, retryAfterSeconds };
  }
  if (status === 500 || status === 502 || (status === 504 && !fromNode)) {
    return { kind: "broken", reason: `the tier answered ${status}` };
  }
  return { kind: "answered", status, headers, body };
}

/** True when the model has no room for the request. */
export function isTooLong(outcome: Outcome): boolean {
  return (
    outcome.kind === "answered" && outcome.status === 400 && errorOf(outcome.body).code === "context_length_exceeded"
  );
}

function errorOf(body: string): { readonly code?: string; readonly message?: string } {
  try {
    return (JSON.parse(body) as { error?: { code?: string; message?: string } }).error ?? {};
  } catch {
    return {};
  }
}
