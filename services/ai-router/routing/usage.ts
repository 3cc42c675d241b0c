/** Tokens of one answer, as the OpenAI API counts them. */
export interface Usage {
  readonly prompt: number;
  readonly completion: number;
}

interface UsageBody {
  readonly usage?: { readonly prompt_tokens?: number; readonly completion_tokens?: number } | null;
  readonly choices?: readonly unknown[];
}

// Inside a text JSON escapes its quotes, so this can only be the key.
const usageKey = Buffer.from('"usage":{');
const eventStart = Buffer.from("data: ");
const eventEnd = Buffer.from("\n\n");
/** Bytes of `[DONE]` and the line ends after it, with room to spare. */
const tailLength = 16;

/**
 * Reads what a stream cost from its last event as the bytes pass, and takes that event out where the client did not ask for it. One
 * search per chunk is all that the others cost. An event that two chunks share is not understood: it passes as it is. Then, and when a
 * stream is left before its end, the chunks stand in for the tokens.
 */
export class UsageTap {
  #usage: Usage | undefined;
  #chunks = 0;
  #tail: Buffer = Buffer.alloc(0);

  /**
   * @param wanted The client asked for the event itself.
   * @param promptGuess Tokens of the prompt where the stream does not say.
   */
  constructor(
    private readonly wanted: boolean,
    private readonly promptGuess: number,
  ) {}

  /** The bytes to send on in place of a chunk; may be empty. */
  pass(chunk: Buffer): Buffer {
    this.#chunks += 1;
    this.#tail =
      chunk.length >= tailLength
        ? chunk.subarray(-tailLength)
        : Buffer.concat([this.#tail, chunk]).subarray(-tailLength);
    const at = chunk.indexOf(usageKey);
    if (at === -1) return chunk;
    const start = chunk.lastIndexOf(eventStart, at);
    const end = chunk.indexOf(eventEnd, at);
    if (start === -1 || end === -1) return chunk;
    const body = parse(chunk.toString("utf8", start + eventStart.length, end));
    this.#usage = usageOf(body) ?? this.#usage;
    if (this.wanted || body?.choices?.length !== 0) return chunk;
    return Buffer.concat([chunk.subarray(0, start), chunk.subarray(end + eventEnd.length)]);
  }

  /** True when what has passed ends as a whole stream does. */
  get done(): boolean {
    return this.#tail.includes("[DONE]");
  }

  get usage(): Usage {
    return this.#usage ?? { prompt: this.promptGuess, completion: this.#chunks };
  }
}

/** What a whole answer cost; undefined when it does not say. */
export function usageOfAnswer(text: string): Usage | undefined {
  return usageOf(parse(text));
}

function usageOf(body: UsageBody | undefined): Usage | undefined {
  const { prompt_tokens: prompt, completion_tokens: completion } = body?.usage ?? {};
  return prompt === undefined && completion === undefined
    ? undefined
    : { prompt: prompt ?? 0, completion: completion ?? 0 };
}

function parse(text: string): UsageBody | undefined {
  try {
    return JSON.parse(text) as UsageBody;
  } catch {
    return undefined;
  }
}
