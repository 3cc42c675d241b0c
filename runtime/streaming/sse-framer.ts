const blankLine = Buffer.from("\n\n");
const carriageReturn = 13;
const newline = 10;

/**
 * Cuts a byte stream into server-sent events, blank line included, without decoding it. A chunk that is exactly one event,
 * the usual case, is handed on without a copy.
 */
export class SseFramer {
  #rest: Buffer | undefined;

  constructor(private readonly onEvent: (event: Buffer) => void) {}

  push(chunk: Buffer): void {
    let bytes = this.#rest === undefined ? chunk : Buffer.concat([this.#rest, chunk]);
    this.#rest = undefined;
    if (bytes.includes(carriageReturn)) bytes = withoutCarriageReturns(bytes);
    let start = 0;
    for (;;) {
      const end = bytes.indexOf(blankLine, start);
      if (end < 0) break;
      const next = end + blankLine.length;
      if (end > start) this.onEvent(start === 0 && next === bytes.length ? bytes : bytes.subarray(start, next));
      start = next;
    }
    if (start < bytes.length) this.#rest = start === 0 ? bytes : bytes.subarray(start);
  }

  /** True when the stream ended inside an event. */
  get torn(): boolean {
    return this.#rest !== undefined;
  }
}

/** Servers may end lines with CR LF; a lone CR at the end of a chunk waits for its LF and is dropped with it. */
function withoutCarriageReturns(bytes: Buffer): Buffer {
  const kept = Buffer.allocUnsafe(bytes.length);
  let length = 0;
  for (let index = 0; index < bytes.length; index++) {
    const byte = bytes[index]!;
    const dropped = byte === carriageReturn && (index + 1 === bytes.length || bytes[index + 1] === newline);
    if (!dropped) kept[length++] = byte;
  }
  return kept.subarray(0, length);
}
