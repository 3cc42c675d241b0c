/** Bytes that a stream may begin with before its first event is whole; more than any error is long. */
const mostBytes = 65_536;

/** Holds the first bytes of a stream until its first event with data is whole. Comments before it are held as well. */
export class FirstEvent {
  #held: Buffer | undefined;

  /** @returns All that was held, once the event is whole or too long to be an error; undefined until then */
  push(piece: Buffer): Buffer | undefined {
    const held = this.#held === undefined ? piece : Buffer.concat([this.#held, piece]);
    this.#held = held;
    return held.length > mostBytes || wholeEvent.test(held.toString("latin1")) ? held : undefined;
  }
}

const wholeEvent = /(?:^|\n)data:[^\r\n]*\r?\n\r?\n/;
const data = /(?:^|\n)data:(.*)/;

/** Status of errors by their code, as the inference host words them. */
const statuses: Readonly<Record<string, number>> = {
  draining: 503,
  not_ready: 503,
  engine_failed: 503,
  overloaded: 503,
  queue_timeout: 503,
  queue_full: 429,
  deadline_exceeded: 504,
};

/** The error that a stream begins with, and the status that it would have had; undefined where it begins with anything else. */
export function errorIn(events: Buffer): { readonly status: number; readonly body: string } | undefined {
  if (!events.includes('"error"')) return undefined;
  const body = data.exec(events.toString("utf8"))?.[1]?.trim() ?? "";
  try {
    const { error } = JSON.parse(body) as { error?: { code?: unknown; type?: unknown } | null };
    if (typeof error !== "object" || error === null) return undefined;
    const named = typeof error.code === "number" ? error.code : statuses[String(error.code)];
    return { status: named ?? (error.type === "invalid_request_error" ? 400 : 500), body };
  } catch {
    return undefined;
  }
}
