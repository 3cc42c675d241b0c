import { randomUUID } from "node:crypto";
import type { IncomingMessage, ServerResponse } from "node:http";
import { type ErrorAnswer, RequestError } from "./errors";

/** The client closed its connection before the answer was complete. */
export class ClientGone extends Error {
  override readonly name = "ClientGone";
  constructor(reason = "the client went away") {
    super(reason);
  }
}

/**
 * Reads a request's body as text.
 * @throws RequestError 413 when it is longer than the limit, ClientGone when it ends early
 */
export function readBody(request: IncomingMessage, limitBytes: number): Promise<string> {
  return new Promise((resolve, reject) => {
    const tooLarge = () =>
      new RequestError(413, `The request body is larger than ${limitBytes} bytes.`, null, "request_too_large");
    if (Number(request.headers["content-length"] ?? 0) > limitBytes) return reject(tooLarge());
    if (request.destroyed && !request.complete) return reject(new ClientGone());
    const chunks: Buffer[] = [];
    let length = 0;
    request.on("data", (chunk: Buffer) => {
      length += chunk.length;
      if (length > limitBytes) {
        request.removeAllListeners("data");
        reject(tooLarge());
        return;
      }
      chunks.push(chunk);
    });
    request.once("end", () => resolve(Buffer.concat(chunks).toString("utf8")));
    request.once("error", () => reject(new ClientGone()));
    // Closes after every request, and an error costs a stack trace.
    request.once("close", () => {
      if (!request.complete) reject(new ClientGone());
    });
  });
}

/** Sends a whole body. Nothing happens when the client is gone. */
export function send(response: ServerResponse, status: number, contentType: string, body: Buffer | string): void {
  if (response.headersSent || response.destroyed) return;
  response.writeHead(status, { "content-type": contentType, "content-length": Buffer.byteLength(body) });
  response.end(body);
}

/** Sends JSON. */
export function sendJson(response: ServerResponse, status: number, body: unknown): void {
  send(response, status, "application/json", JSON.stringify(body));
}

/**
 * Sends an error in OpenAI's shape, or ends a stream that has begun with an error event.
 * @param closeConnection An unread body would be taken for the next request.
 */
export function sendErrorAnswer(
  response: ServerResponse,
  { status, body, retryAfterSeconds }: ErrorAnswer,
  closeConnection = false,
): void {
  if (response.headersSent) {
    // The blank line ends an event that was broken off in its middle.
    if (!response.writableEnded) response.end(`\n\ndata: ${JSON.stringify(body)}\n\ndata: [DONE]\n\n`);
    return;
  }
  if (retryAfterSeconds !== undefined) response.setHeader("retry-after", retryAfterSeconds);
  if (closeConnection || status === 413) response.setHeader("connection", "close");
  sendJson(response, status, body);
}

/** The name of a model as a path spells it: clients write the slash of `archetype/task` as `%2F`, people as it is. */
export function modelInPath(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

const requestIdPattern = /^[\w.:/-]{1,128}$/;
const tracePattern = /^[\x21-\x7e ]{1,512}$/;

/** The client's request id when it is fit to be logged, else a new one. */
export function requestIdOf(request: IncomingMessage): string {
  const given = request.headers["x-request-id"];
  return typeof given === "string" && requestIdPattern.test(given) ? given : randomUUID();
}

/** W3C trace context to pass on to the engine; a new trace when the client has none. */
export function traceOf(request: IncomingMessage): Record<string, string> {
  const { traceparent, tracestate } = request.headers;
  if (typeof traceparent === "string" && /^[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}$/.test(traceparent)) {
    return typeof tracestate === "string" && tracePattern.test(tracestate)
      ? { traceparent, tracestate }
      : { traceparent };
  }
  const id = randomUUID().replaceAll("-", "");
  return { traceparent: `00-${id}-${randomUUID().replaceAll("-", "").slice(16)}-00` };
}
