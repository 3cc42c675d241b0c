import assert from "node:assert/strict";
import { once } from "node:events";
import { type AddressInfo, createServer } from "node:net";
import { openPostgres } from "./postgres";

/** AuthenticationOk and ReadyForQuery. Source: PostgreSQL's documentation, "Message Formats". */
const welcome = Buffer.from("520000000800000000" + "5a0000000549", "hex");

describe("a PostgreSQL server that hangs", () => {
  it("is given up by a statement, and its connection is not used again", async () => {
    let connections = 0;
    // Signs everybody in and says nothing more, as a server does whose machine is gone.
    const server = createServer((socket) => {
      connections += 1;
      socket.on("error", () => undefined);
      socket.once("data", () => socket.write(welcome));
    });
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    const { port } = server.address() as AddressInfo;
    const database = openPostgres<undefined>(
      { host: "127.0.0.1", port, database: "d", user: "u", tls: false, poolSize: 1, statementTimeoutMs: 100 },
      { applicationName: "test", opening: () => "BEGIN" },
    );
    try {
      const ask = () => database.transaction(undefined, (session) => session.query("SELECT 1"));
      await assert.rejects(ask(), /timeout/);
      await assert.rejects(ask(), /timeout/);
      assert.equal(connections, 2);
    } finally {
      await database.close();
      server.close();
    }
  });
});
