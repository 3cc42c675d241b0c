import assert from "node:assert/strict";
import { once } from "node:events";
import { Agent, createServer, request, type Server, type ServerResponse } from "node:http";
import { type AddressInfo, connect, type Socket } from "node:net";
import { EventStream } from "./event-stream";

const never = 2 ** 30;
const forgotten = () => assert.fail("the client counts as gone");
const event = (text: string) => Buffer.from(`data: ${text}\n\n`);

describe("an event stream", () => {
  let server: Server;
  let sockets: Socket[] = [];
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });

  afterEach(() => {
    for (const socket of sockets) socket.destroy();
    sockets = [];
    agent.destroy();
    server?.close();
    server?.closeAllConnections();
  });

  const serve = async (answer: (response: ServerResponse, path: string) => void): Promise<number> => {
    server = createServer((incoming, response) => answer(response, incoming.url ?? "/"));
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    return (server.address() as AddressInfo).port;
  };

  const open = async (port: number): Promise<Socket> => {
    const socket = connect(port, "127.0.0.1");
    sockets.push(socket);
    await once(socket, "connect");
    return socket;
  };

  const get = (port: number): Promise<{ text: string; encoding: string | undefined; localPort: number }> =>
    new Promise((resolve, reject) => {
      request({ port, host: "127.0.0.1", agent }, (response) => {
        const parts: Buffer[] = [];
        const localPort = response.socket.localPort!;
        response.on("data", (part: Buffer) => parts.push(part));
        response.on("end", () =>
          resolve({
            text: Buffer.concat(parts).toString("utf8"),
            encoding: response.headers["transfer-encoding"],
            localPort,
          }),
        );
      })
        .on("error", reject)
        .end();
    });

  it("brings every event of any size byte for byte, and leaves the connection fit for the next request", async () => {
    const texts = [
      "a",
      "x".repeat(8),
      "ünïcödé 🧛",
      "y".repeat(70_000),
      ...Array.from({ length: 300 }, (_, n) => `${n}`),
    ];
    const port = await serve(async (response) => {
      const stream = new EventStream(response, never, forgotten);
      for (const text of texts) await stream.send(event(text));
      stream.end();
    });
    const expected = `${texts.map((text) => `data: ${text}\n\n`).join("")}data: [DONE]\n\n`;
    const first = await get(port);
    const second = await get(port);
    assert.equal(first.text, expected);
    assert.equal(second.text, expected);
    assert.equal(first.encoding, "chunked");
    assert.equal(second.localPort, first.localPort);
  });

  it("sends no chunk frames to a client of HTTP/1.0", async () => {
    const port = await serve((response) => {
      const stream = new EventStream(response, never, forgotten);
      for (const text of ["one", "two", "three"]) void stream.send(event(text));
      stream.end();
    });
    const socket = await open(port);
    socket.write("GET / HTTP/1.0\r\n\r\n");
    const text = await readToEnd(socket);
    assert.equal(text.split("\r\n\r\n")[1], "data: one\n\ndata: two\n\ndata: three\n\ndata: [DONE]\n\n");
  });

  it("keeps the order of requests that share a connection", async () => {
    const streams = new Map<string, EventStream>();
    const port = await serve((response, path) => streams.set(path, new EventStream(response, never, forgotten)));
    const socket = await open(port);
    socket.write("GET /1 HTTP/1.1\r\nHost: x\r\n\r\nGET /2 HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
    while (streams.size < 2) await new Promise(setImmediate);
    const say = (path: string, text: string) => void streams.get(path)!.send(event(text));
    for (const round of ["a", "b"]) for (const path of ["/2", "/1"]) say(path, path + round);
    streams.get("/1")!.end();
    await new Promise(setImmediate);
    say("/2", "/2c");
    streams.get("/2")!.end();
    const said = (await readToEnd(socket)).match(/data: .*/g);
    assert.deepEqual(
      said,
      ["/1a", "/1b", "[DONE]", "/2a", "/2b", "/2c", "[DONE]"].map((text) => `data: ${text}`),
    );
  });

  it("asks the sender to wait for a client that does not read, and goes on when it reads", async () => {
    const big = event("z".repeat(64 * 1024));
    let waited = 0;
    const port = await serve(async (response) => {
      const stream = new EventStream(response, never, forgotten);
      for (let sent = 0; sent < 200; sent++) {
        const wait = stream.send(big);
        if (wait) waited++;
        await wait;
      }
      stream.end();
    });
    const socket = await open(port);
    socket.pause();
    socket.write("GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
    while (waited === 0) await new Promise(setImmediate);
    const text = await readToEnd(socket);
    assert.equal(text.split("data: zz").length - 1, 200);
    assert.ok(text.endsWith("data: [DONE]\n\n\r\n0\r\n\r\n"));
  });

  it("says that a client has stopped reading, once it has for too long", async () => {
    const stalled = new Promise<void>((resolve, reject) => {
      void serve(async (response) => {
        const stream = new EventStream(response, 20, resolve);
        for (let sent = 0; sent < 1_000; sent++) await stream.send(event("z".repeat(64 * 1024)));
      }).then(async (port) => {
        const socket = await open(port);
        socket.pause();
        socket.write("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
      }, reject);
    });
    await stalled;
  });

  it("holds nobody up for a client that is gone", async () => {
    const ended = new Promise<void>((resolve, reject) => {
      void serve(async (response) => {
        const stream = new EventStream(response, never, forgotten);
        while (!response.destroyed) await stream.send(event("z".repeat(64 * 1024)));
        assert.equal(stream.send(event("more")), undefined);
        resolve();
      }).then(async (port) => {
        const socket = await open(port);
        socket.write("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
        socket.once("data", () => socket.destroy());
      }, reject);
    });
    await ended;
  });
});

async function readToEnd(socket: Socket): Promise<string> {
  const parts: Buffer[] = [];
  for await (const part of socket) parts.push(part as Buffer);
  return Buffer.concat(parts).toString("utf8");
}
