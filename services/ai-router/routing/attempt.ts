import type { IncomingHttpHeaders, ServerResponse } from "node:http";
import { EventStream } from "../../../runtime/streaming/event-stream";
import { asError, streamRequest } from "../../../runtime/streaming/stream-request";
import { errorIn, FirstEvent } from "./first-event";
import { type Effort, firstByteMs } from "./patience";
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
  /** The client asked for the usage event of the stream. */
  readonly wantsUsage: boolean;
  /** What it costs a tier. */
  readonly effort: Effort;
}

/** What came of asking a tier. Only `streamed` has sent anything to the client. */
export type Outcome =
  | { readonly kind: "answered"; readonly status: number; readonly headers: IncomingHttpHeaders; readonly body: string }
  | { readonly kind: "streamed"; readonly usage: Usage; readonly failure?: string; readonly idle?: boolean }
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
  /** Sent nothing for as long as a healthy tier needs at most: no head, or nothing after it. */
  | { readonly kind: "silent"; readonly reason: string }
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
  const { stream, promptTokens } = call.effort;
  const tap = new UsageTap(call.wantsUsage, promptTokens);
  const first = new FirstEvent();
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
    tier.heard += 1;
    let ready = piece;
    if (!claimed) {
      // Until a whole event is there nobody knows whether it is an error, after which another tier can still be asked.
      const held = first.push(piece);
      if (held === undefined) return undefined;
      const refused = errorIn(held);
      if (refused !== undefined) return Promise.reject(new BeganWithError(refused));
      if (!delivery.claim(tier, head!.headers)) return Promise.reject(new LostRace());
      claimed = true;
      ready = held;
    }
    const passed = tap.pass(ready);
    delivery.onChunk?.(passed);
    return events.send(passed);
  };
  const request = {
    origin: tier.url,
    path: call.path,
    method: "POST",
    headers: { ...call.headers, "x-deadline-ms": String(Math.max(1, Math.round(call.endsAt - performance.now()))) },
    body: asked,
    headersTimeout: firstByteMs(call.effort, tier.limits),
    bodyTimeout: tier.limits.idleMs,
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
    const { code = "", message } = asError(error) as NodeJS.ErrnoException;
    const silence = silences[code]?.(tier);
    if (claimed)
      return { kind: "streamed", usage: tap.usage, failure: silence ?? message, idle: silence !== undefined };
    if (signal.aborted || error instanceof LostRace) return { kind: "ended" };
    if (error instanceof BeganWithError) return judge(error.status, head!.headers, error.body);
    if (silence !== undefined) return { kind: "silent", reason: silence };
    return absentCodes.has(code) ? { kind: "absent" } : { kind: "broken", reason: message };
  }
  tier.heard += 1;
  if (claimed)
    return { kind: "streamed", usage: tap.usage, ...(tap.done ? {} : { failure: "it ended without [DONE]" }) };
  if (streaming) return { kind: "broken", reason: "the stream ended before it began" };
  const { status, headers } = head!;
  const body = Buffer.concat(kept).toString("utf8");
  const reason = unfit(stream, status, headers, body);
  return reason === undefined ? judge(status, headers, body) : { kind: "broken", reason };
}

/** A stream whose first event is an error. */
class BeganWithError extends Error {
  override readonly name = "BeganWithError";
  readonly status: number;
  readonly body: string;

  constructor({ status, body }: { readonly status: number; readonly body: string }) {
    super("the stream began with an error");
    this.status = status;
    this.body = body;
  }
}

/** What undici calls its time limits. */
const silences: Readonly<Record<string, (tier: Tier) => string>> = {
  UND_ERR_HEADERS_TIMEOUT: () => "it sent nothing",
  UND_ERR_BODY_TIMEOUT: ({ limits }) => `it sent nothing for ${limits.idleMs / 1000} s`,
};

/** Why an answer cannot be a node's, whatever its status says: a page of some proxy, say. Undefined for one that can. */
function unfit(stream: boolean, status: number, headers: IncomingHttpHeaders, body: string): string | undefined {
  const type = String(headers["content-type"] ?? "no type");
  const json = type.startsWith("application/json") && body.trimStart().startsWith("{") && body.trimEnd().endsWith("}");
  if (status === 200) {
    if (stream) return `it answered 200 with ${type} in place of a stream`;
    return json ? undefined : `it answered 200 with ${type} in place of JSON`;
  }
  return json || headers["x-request-id"] !== undefined || status >= 500
    ? undefined
    : `it answered ${status} with ${type}`;
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
