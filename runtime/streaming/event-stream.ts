import type { ServerResponse } from "node:http";

const eventHeaders = {
  "content-type": "text/event-stream; charset=utf-8",
  "cache-control": "no-cache",
  "x-accel-buffering": "no",
} as const;

/**
 * An HTTP response as a stream of server-sent events, with back-pressure, for many streams of small events.
 *
 * After the head, an event goes to the socket as one buffer with its chunk's frame around it, in place of the four writes and
 * the vectored system call that `ServerResponse.write` makes of it. The head, the end and everything on a connection that is
 * not this response's yet (pipelining) or that has no chunks (HTTP/1.0) go the usual way; both ways share the socket's
 * queue, so the order holds.
 */
export class EventStream {
  #draining: Promise<void> | undefined;
  #headWritten = false;

  /**
   * @param response Of a request whose answer has a body: not of a HEAD.
   * @param stallMs Milliseconds that a client may leave its socket full before it counts as gone.
   * @param onStall Told then.
   */
  constructor(
    private readonly response: ServerResponse,
    private readonly stallMs: number,
    private readonly onStall: () => void,
  ) {}

  get started(): boolean {
    return this.response.headersSent;
  }

  /** Writes one event, blank line included; the promise, where there is one, resolves when the client has room again. */
  send(event: Buffer): Promise<void> | undefined {
    const { response } = this;
    if (response.destroyed || response.writableEnded || event.length === 0) return undefined;
    // The head leaves with the first write: it must be the response's own.
    const direct = this.#headWritten && response.chunkedEncoding ? response.socket : null;
    if (!response.headersSent) response.writeHead(200, eventHeaders);
    this.#headWritten = true;
    const roomy = direct ? direct.write(framed(event)) : response.write(event);
    if (roomy) return undefined;
    this.#draining ??= this.#drained(direct ?? response);
    return this.#draining;
  }

  /** Ends the stream with `[DONE]`. */
  end(): void {
    if (!this.response.headersSent) this.response.writeHead(200, eventHeaders);
    this.response.end("data: [DONE]\n\n");
  }

  #drained(full: NodeJS.EventEmitter): Promise<void> {
    return new Promise((resolve) => {
      const done = () => {
        clearTimeout(timer);
        full.off("drain", done);
        this.response.off("close", done);
        this.#draining = undefined;
        resolve();
      };
      const timer = setTimeout(() => {
        this.onStall();
        done();
      }, this.stallMs);
      full.once("drain", done);
      this.response.once("close", done);
    });
  }
}

const carriageReturn = 13;
const newline = 10;

/** One chunk of HTTP/1.1's chunked coding (RFC 9112, section 7.1). */
function framed(data: Buffer): Buffer {
  const size = data.length.toString(16);
  const frame = Buffer.allocUnsafe(size.length + data.length + 4);
  let at = frame.write(size, "latin1");
  frame[at++] = carriageReturn;
  frame[at++] = newline;
  at += data.copy(frame, at);
  frame[at++] = carriageReturn;
  frame[at] = newline;
  return frame;
}
