import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { Agent } from "undici";
import { type AnswerReader, streamRequest } from "./stream-request";

describe("a streamed request", () => {
  let server: Server;
  let agent: Agent;

  afterEach(async () => {
    server?.close();
    server?.closeAllConnections();
    await agent?.destroy();
  });

  const start = async (answer: (request: IncomingMessage, response: ServerResponse) => void) => {
    server = createServer(answer);
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    agent = new Agent();
    const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    return (reader: Partial<AnswerReader>, signal = new AbortController().signal) =>
      streamRequest(
        agent,
        { origin, method: "GET", path: "/" },
        { onHead: () => {}, onData: () => undefined, ...reader },
        signal,
      );
  };

  it("hands on status, headers and body, and ends after the last piece", async () => {
    const send = await start((_, response) => {
      response.writeHead(418, { "x-kind": "teapot" });
      response.write("short ");
      response.end("and stout");
    });
    const head: unknown[] = [];
    let text = "";
    await send({
      onHead: (status, headers) => head.push(status, headers["x-kind"]),
      onData: (piece) => {
        text += piece;
        return undefined;
      },
    });
    assert.deepEqual(head, [418, "teapot"]);
    assert.equal(text, "short and stout");
  });

  it("holds the sender back until the reader is ready", async () => {
    const total = 64 * 1024 * 1024;
    let sent = 0;
    const send = await start(async (_, response) => {
      for (; sent < total; sent += 64 * 1024) {
        if (!response.write(Buffer.alloc(64 * 1024))) await once(response, "drain");
      }
      response.end();
    });
    let release: () => void = () => {};
    let read = 0;
    const answer = send({
      onData: (piece) => {
        const first = read === 0;
        read += piece.length;
        return first ? new Promise((resolve) => (release = resolve)) : undefined;
      },
    });
    // The server goes on until the sockets are full, and no further.
    for (let before = -1; sent === 0 || sent !== before; ) {
      before = sent;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    assert.ok(sent < total, `${sent} bytes were taken unread`);
    release();
    await answer;
    assert.equal(read, total);
  });

  it("closes the connection and gives the reason when it is aborted", async () => {
    let gone: Promise<unknown> = Promise.resolve();
    const send = await start((_, response) => {
      gone = once(response, "close");
      response.write("a");
    });
    const controller = new AbortController();
    const reason = new Error("enough");
    const answer = send(
      {
        onData: () => {
          controller.abort(reason);
          return undefined;
        },
      },
      controller.signal,
    );
    await assert.rejects(answer, reason);
    await gone;
    await assert.rejects(send({}, controller.signal), reason);
  });

  it("ends with the reader's error, thrown or rejected", async () => {
    const send = await start((_, response) => void response.write("a"));
    const failure = new Error("no room");
    await assert.rejects(send({ onData: () => Promise.reject(failure) }), failure);
    await assert.rejects(
      send({
        onData: () => {
          throw failure;
        },
      }),
      failure,
    );
  });

  it("fails when the connection breaks in the middle of the body", async () => {
    const send = await start((_, response) => {
      response.write("a", () => response.destroy());
    });
    await assert.rejects(send({}));
  });
});
