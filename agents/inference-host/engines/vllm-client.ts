import { Pool } from "undici";
import { type AnswerReader, asError, streamRequest } from "../../../runtime/streaming/stream-request";
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
  #pool: Pool;

  /** @param origin For example `http://127.0.0.1:8100` */
  constructor(readonly origin: string) {
    this.#pool = openPool(origin);
  }

  /** Sends a request and hands on the body as it comes; a promise from `onData` pauses the socket until it resolves. */
  async stream(
    call: VllmCall,
    onData: (piece: Buffer) => Promise<void> | undefined,
    signal: AbortSignal,
  ): Promise<void> {
    let refusal: { status: number; parts: Buffer[] } | undefined;
    const reader: AnswerReader = {
      onHead: (status) => {
        if (status >= 300) refusal = { status, parts: [] };
      },
      onData: (piece) => {
        if (!refusal) return onData(piece);
        refusal.parts.push(piece);
        return undefined;
      },
    };
    const request = {
      method: "POST",
      path: call.path,
      headers: jsonHeaders(call),
      body: JSON.stringify(call.body),
    } as const;
    await streamRequest(this.#pool, request, reader, signal).catch((error: unknown) => {
      throw signal.aborted || error instanceof EngineError ? error : engineGone(asError(error).message);
    });
    if (refusal) throw refusedBy(refusal.status, Buffer.concat(refusal.parts));
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

  /** Ends everything in flight with this reason; what is sent afterwards goes over new connections. */
  cut(reason: EngineError): void {
    const pool = this.#pool;
    this.#pool = openPool(this.origin);
    void pool.destroy(reason);
  }

  close(): Promise<void> {
    return this.#pool.destroy();
  }
}

function openPool(origin: string): Pool {
  return new Pool(origin, {
    connections: null,
    pipelining: 1,
    bodyTimeout: bodyTimeoutMs,
    headersTimeout: headersTimeoutMs,
    keepAliveTimeout: 30_000,
    connect: { timeout: 2_000 },
  });
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
