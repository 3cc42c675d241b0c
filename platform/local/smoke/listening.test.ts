import assert from "node:assert/strict";
import { once } from "node:events";
import { type AddressInfo, createServer, type Server } from "node:net";
import { isLoopbackAddress, listeningSockets, parseTable, showsSockets } from "./listening";

describe("the look at listening sockets", () => {
  const servers: Server[] = [];
  afterEach(() => {
    for (const server of servers.splice(0)) server.close();
  });

  async function open(host: string): Promise<number> {
    const server = createServer().listen(0, host);
    servers.push(server);
    await once(server, "listening");
    return (server.address() as AddressInfo).port;
  }

  it("finds every one of a process, and tells those of a network from loopback", async function () {
    if (!showsSockets()) this.skip();
    const [wide, narrow] = [await open("0.0.0.0"), await open("127.0.0.1")];
    const found = new Map(listeningSockets([process.pid]).map(({ port, address }) => [port, address]));
    assert.deepEqual([found.get(wide), found.get(narrow)], ["0.0.0.0", "127.0.0.1"]);
    servers.splice(0).forEach((server) => void server.close());
    assert.ok(!listeningSockets([process.pid]).some(({ port }) => port === wide));
  });

  it("says nothing of a process that has ended", function () {
    if (!showsSockets()) this.skip();
    assert.deepEqual(listeningSockets([2 ** 22 + 1]), []);
  });

  it("reads the addresses of IPv6", () => {
    const line = (address: string, state: string) =>
      `   0: ${address}:1F90 00000000000000000000000000000000:0000 ${state} 00000000:00000000 00:00000000 00000000     0        0 4711 1`;
    const read = (address: string) => parseTable(`header\n${line(address, "0A")}`)[0]!;
    assert.deepEqual(read("00000000000000000000000001000000"), {
      address: "0:0:0:0:0:0:0:1",
      port: 8080,
      inode: "4711",
    });
    assert.ok(isLoopbackAddress(read("00000000000000000000000001000000").address));
    assert.ok(isLoopbackAddress(read("0000000000000000FFFF00000100007F").address));
    assert.ok(!isLoopbackAddress(read("00000000000000000000000000000000").address));
    assert.ok(!isLoopbackAddress(read("0000000000000000FFFF00000100000A").address));
    assert.deepEqual(parseTable(`header\n${line("0100007F", "01")}`), []);
  });
});
