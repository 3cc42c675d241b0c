import { createHash } from "node:crypto";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";

/**
 * A stand-in for an OpenAI-compatible embedding server: real HTTP, vectors made from hashes of the words. It counts every text,
 * which is what the tests of resuming ask about.
 */
export async function startEmbeddingServer(dimensions = 64) {
  const texts: string[] = [];
  let failures = 0;
  let zero = false;
  const server = createServer((request, response) => {
    let body = "";
    request.on("data", (part) => {
      body += part;
    });
    request.on("end", () => {
      if (failures > 0) {
        failures -= 1;
        response.writeHead(503, { "retry-after": "0" }).end();
        return;
      }
      const { input } = JSON.parse(body) as { input: string[] };
      texts.push(...input);
      const data = input.map((text, index) => ({
        index,
        embedding: zero ? new Array(dimensions).fill(0) : embed(text, dimensions),
      }));
      response.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify({ data }));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`,
    texts,
    failNext(count: number) {
      failures = count;
    },
    answerZeros(on: boolean) {
      zero = on;
    },
    close: () =>
      new Promise<void>((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  };
}

function embed(text: string, dimensions: number): number[] {
  const out = new Array<number>(dimensions).fill(0);
  for (const word of text.toLowerCase().match(/\w+/g) ?? ["-"]) {
    const at = createHash("md5").update(word).digest().readUInt32LE(0) % dimensions;
    out[at] = (out[at] ?? 0) + 1;
  }
  return out;
}
