import { Pool } from "undici";
import { EngineError, engineGone } from "./engine";

/** Milliseconds without a byte after which a running answer is given up. */
const bodyTimeoutMs = 120_000;
/** Milliseconds that the first byte of an answer may take: prompts are long and the engine has a queue of its own. */
const headersTimeoutMs = 300_000;

export interface VllmCall {
  readonly path: string;
  readonly body: object;
  readonly headers: Readonly<Record<string, string>>;
}

/** The HTTP side of vLLM: one connection per request in flight, on loopback. */
export class VllmClient {
  readonly #pool: Pool;

  /** @param origin For example `http://127.0.0.1:8100` */
  constructor(readonly origin: string) {
    this.#pool = new Pool(origin, {
      connections: null,
      pipelining: 1,
      bodyTimeout: bodyTimeoutMs,
      headersTimeout: headersTimeoutMs,
      keepAliveTimeout: 30_000,
      connect: { timeout: 2_000 },
    });
  }

  /** Sends a request and hands on the body as it comes; a promise from `onData` pauses the socket until it resolves. */
  stream(call: VllmCall, onData: (chunk: Buffer) => Promise<void> | undefined, signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      if (signal.aborted) return reject(signal.reason);
      let refusal: { status: number; parts: Buffer[] } | undefined;
      let stop: (() => void) | undefined;
      const settle = (error?: unknown) => {
        if (stop) signal.removeEventListener("abort", stop);
        if (error === undefined) resolve();
        else reject(error);
      };
      this.#pool.dispatch(
        { method: "POST", path: call.path, headers: jsonHeaders(call), body: JSON.stringify(call.body) },
        {
          onRequestStart(controller) {
            stop = () => controller.abort(asError(signal.reason));
            signal.addEventListener("abort", stop, { once: true });
            if (signal.aborted) stop();
          },
          onResponseStart(_controller, status) {
            if (status >= 300) refusal = { status, parts: [] };
          },
          onResponseData(controller, chunk) {
            if (refusal) {
              refusal.parts.push(chunk);
              return;
            }
            const wait = onData(chunk);
            if (!wait) return;
            controller.pause();
            wait.then(
              () => controller.resume(),
              (error: unknown) => controller.abort(asError(error)),
            );
          },
          onResponseEnd() {
            settle(refusal && refusedBy(refusal.status, Buffer.concat(refusal.parts)));
          },
          onResponseError(_controller, error) {
            settle(signal.aborted ? signal.reason : engineGone(error.message));
          },
        },
      );
    });
  }

  /** Sends a request and returns the whole body. */
  async post(call: VllmCall, signal: AbortSignal): Promise<Buffer> {
    const parts: Buffer[] = [];
    await this.stream(
      call,
      (chunk) => {
        parts.push(chunk);
        return undefined;
      },
      signal,
    );
    return Buffer.concat(parts);
  }

  /** Reads a path. @returns status and text; @throws EngineError when nothing answers in time */
  async get(path: string, timeoutMs: number): Promise<{ status: number; text: string }> {
    try {
      const answer = await this.#pool.request({ method: "GET", path, signal: AbortSignal.timeout(timeoutMs) });
      return { status: answer.statusCode, text: await answer.body.text() };
    } catch (error) {
      throw engineGone(asError(error).message);
    }
  }

  close(): Promise<void> {
    return this.#pool.destroy();
  }
}

function jsonHeaders({ headers }: VllmCall): Record<string, string> {
  return { "content-type": "application/json", ...headers };
}

/** vLLM's refusals are nested since 0.10, flat before. */
function refusedBy(status: number, body: Buffer): EngineError {
  const text = body.toString("utf8");
  try {
    const parsed = JSON.parse(text) as Refusal;
    const { message, type } = parsed.error ?? parsed;
    return new EngineError(message ?? text, status, type ?? "engine_error");
  } catch {
    return new EngineError(text.slice(0, 500) || `the engine answered ${status}`, status, "engine_error");
  }
}

interface Refusal {
  readonly message?: string;
  readonly type?: string;
  readonly error?: { readonly message?: string; readonly type?: string };
}

function asError(reason: unknown): Error {
  return reason instanceof Error ? reason : new Error(String(reason));
}
