import assert from "node:assert/strict";
import { once } from "node:events";
import { Agent, createServer, request, type Server } from "node:http";
import { type AddressInfo, connect, type Socket } from "node:net";
import { closeServer, patientIdleMs } from "./close-server";

describe("closing a server", () => {
  let sockets: Socket[] = [];
  afterEach(() => {
    for (const socket of sockets) socket.destroy();
    sockets = [];
  });

  const listen = async (server: Server): Promise<number> => {
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

  it("answers what was sent before, on connections that are new and on those that were kept", async () => {
    const server = createServer((_, response) => response.writeHead(503).end());
    const port = await listen(server);
    const sockets = await Promise.all(Array.from({ length: 20 }, () => open(port)));
    const kept = await open(port);
    kept.write("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
    await once(kept, "data");
    const late = connect(port, "127.0.0.1");
    const all = [...sockets, kept, late].map((socket) => {
      socket.write("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
      return textOf(socket);
    });
    await closeServer(server);
    for (const text of await Promise.all(all)) assert.match(text, /^HTTP\/1\.1 503 /);
  });

  it("ends, though a client asks again and again and another one never ends its request", async () => {
    const server = createServer((_, response) => response.writeHead(503).end());
    const port = await listen(server);
    const slow = await open(port);
    slow.write("POST / HTTP/1.1\r\n");
    const eager = await open(port);
    eager.on("data", () => eager.write("GET / HTTP/1.1\r\nHost: x\r\n\r\n"));
    eager.on("error", () => {});
    eager.write("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
    await once(eager, "data");
    await closeServer(server);
    assert.equal(server.listening, false);
  });

  it("resets nobody, though many clients go on asking on new and on kept connections", async () => {
    const server = createServer((incoming, response) => {
      incoming.resume().once("end", () => response.writeHead(503).end());
    });
    const port = await listen(server);
    const seen: string[] = [];
    const agents = [new Agent({ keepAlive: true }), new Agent({ keepAlive: false })];
    const clients = Array.from({ length: 40 }, async (_, index) => {
      for (let outcome = ""; outcome !== "ECONNREFUSED"; ) {
        outcome = await ask(port, agents[index % 2]!);
        seen.push(outcome);
      }
    });
    while (seen.length < 100) await new Promise((resolve) => setImmediate(resolve));
    await closeServer(server, patientIdleMs);
    await Promise.all(clients);
    for (const agent of agents) agent.destroy();
    assert.deepEqual(new Set(seen), new Set(["503", "ECONNREFUSED"]));
  });
});

/** @returns The status, or why there is none */
function ask(port: number, agent: Agent): Promise<string> {
  return new Promise((resolve) => {
    const outgoing = request({ host: "127.0.0.1", port, method: "POST", agent }, (answer) => {
      answer.resume().once("close", () => resolve(answer.complete ? String(answer.statusCode) : "torn"));
    });
    outgoing.once("error", (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message));
    outgoing.end("question");
  });
}

async function textOf(socket: Socket): Promise<string> {
  const parts: Buffer[] = [];
  for await (const part of socket) parts.push(part as Buffer);
  return Buffer.concat(parts).toString("latin1");
}
