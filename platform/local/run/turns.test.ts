import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer, type RequestListener, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { setTimeout as delay } from "node:timers/promises";
import type { ChatChunk } from "../state";
import { askTurn } from "./turns";

describe("a turn that is asked for", () => {
  let server: Server;
  afterEach(() => {
    server.close();
    server.closeAllConnections();
  });

  async function listen(answer: RequestListener): Promise<string> {
    server = createServer(answer).listen(0, "127.0.0.1");
    await once(server, "listening");
    return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  }

  async function read(url: string, signal: AbortSignal, budgetMs?: number): Promise<ChatChunk[]> {
    const chunks: ChatChunk[] = [];
    const turn = { model: "lich/personality", messages: [{ role: "user", content: "?" }], budgetMs } as const;
    for await (const chunk of askTurn({ url, key: "k" }, turn, signal)) chunks.push(chunk);
    return chunks;
  }

  const event = (content: string) => `data: ${JSON.stringify({ model: "m", choices: [{ delta: { content } }] })}\n\n`;

  it("yields who answers and then the text, however the bytes are cut, and may be given up afterwards", async () => {
    let budget: unknown;
    const bytes = Buffer.from(`${event("Grüße ")}${event("🧛")}data: [DONE]\n\n`);
    const url = await listen(async (request, response) => {
      budget = request.headers["x-latency-budget-ms"];
      response.writeHead(200, { "content-type": "text/event-stream", "x-ai-router-tier": "gold" });
      for (const byte of bytes) {
        response.write(Buffer.of(byte));
        await delay(0);
      }
      // The connection stays open after the end, as keep-alive ones may.
    });
    const leave = new AbortController();
    const chunks = await read(url, leave.signal, 50);
    assert.deepEqual(chunks, [{ tier: "gold", model: "m" }, { text: "Grüße " }, { text: "🧛" }]);
    assert.equal(budget, "50");
    leave.abort();
    await delay(20);
  });

  it("rejects when it is given up in the middle, and yields an error that the stream holds", async () => {
    const url = await listen((_, response) => {
      response.writeHead(200, { "content-type": "text/event-stream" }).write(event("a"));
    });
    await assert.rejects(read(url, AbortSignal.timeout(50)), { name: "TimeoutError" });
  });

  it("yields the error of a refusal and of a stream that breaks", async () => {
    const url = await listen((request, response) => {
      if (request.headers["x-latency-budget-ms"] === "1") {
        response.writeHead(503).end(JSON.stringify({ error: { message: "the tier wakes" } }));
      } else response.writeHead(200).end('data: {"error":{"message":"broken"}}\n\n');
    });
    const never = new AbortController().signal;
    assert.deepEqual(await read(url, never, 1), [{ error: "the tier wakes", status: 503 }]);
    assert.deepEqual(await read(url, never), [{ error: "broken", status: 200 }]);
  });
});
