import { createInterface } from "node:readline";
import { Readable } from "node:stream";

/** The `data:` of each server-sent event of a response, until its end or `[DONE]`. */
export async function* eventData(body: ReadableStream<Uint8Array>): AsyncIterable<string> {
  const lines = createInterface({ input: Readable.fromWeb(body as Parameters<typeof Readable.fromWeb>[0]) });
  for await (const line of lines) {
    if (!line.startsWith("data:")) continue;
    const data = line.slice("data:".length).trim();
    if (data === "[DONE]") return;
    yield data;
  }
}
