import type { ServerResponse } from "node:http";
import { sendJson } from "../../../runtime/openai/http";
import { errorAnswer } from "./errors";

/** Sends an error in OpenAI's shape, or ends a stream that has begun with an error event. */
export function sendError(response: ServerResponse, error: unknown, closeConnection = false): void {
  const { status, body, retryAfterSeconds } = errorAnswer(error);
  if (response.headersSent) {
    if (!response.writableEnded) response.end(`data: ${JSON.stringify(body)}\n\ndata: [DONE]\n\n`);
    return;
  }
  if (retryAfterSeconds !== undefined) response.setHeader("retry-after", retryAfterSeconds);
  // An unread body would be taken for the next request.
  if (closeConnection || status === 413) response.setHeader("connection", "close");
  sendJson(response, status, body);
}

const eventHeaders = {
  "content-type": "text/event-stream; charset=utf-8",
  "cache-control": "no-cache",
  "x-accel-buffering": "no",
} as const;

/** A response as a stream of server-sent events, with back-pressure. */
export class EventStream {
  #draining: Promise<void> | undefined;

  /** @param stallMs Milliseconds that a client may leave its socket full before it counts as gone. */
  constructor(
    private readonly response: ServerResponse,
    private readonly stallMs: number,
    private readonly onStall: () => void,
  ) {}

  get started(): boolean {
    return this.response.headersSent;
  }

  /** Writes one event; the promise, where there is one, resolves when the client has room again. */
  send(event: Buffer): Promise<void> | undefined {
    const { response } = this;
    if (response.destroyed) return undefined;
    if (!response.headersSent) response.writeHead(200, eventHeaders);
    if (response.write(event)) return undefined;
    this.#draining ??= this.#drained();
    return this.#draining;
  }

  end(): void {
    if (!this.response.headersSent) this.response.writeHead(200, eventHeaders);
    this.response.end("data: [DONE]\n\n");
  }

  #drained(): Promise<void> {
    return new Promise((resolve) => {
      const done = () => {
        clearTimeout(timer);
        this.response.off("drain", done);
        this.response.off("close", done);
        this.#draining = undefined;
        resolve();
      };
      const timer = setTimeout(() => {
        this.onStall();
        done();
      }, this.stallMs);
      this.response.once("drain", done);
      this.response.once("close", done);
    });
  }
}
