import assert from "node:assert/strict";
import { createServer, type Server } from "node:net";
import { createPorts, parsePortBase } from "./ports";

describe("loopback ports", () => {
  let holder: Server | undefined;
  afterEach(() => {
    holder?.close();
    holder = undefined;
  });

  it("are counted from the base, so that addresses stay from start to start", async () => {
    const base = await createPorts(0).free();
    assert.equal(await createPorts(base).next("edge"), base);
  });

  it("are named with the option when somebody listens there", async () => {
    const base = await createPorts(0).free();
    holder = createServer();
    await new Promise<void>((resolve) => holder!.listen(base, "127.0.0.1", resolve));
    await assert.rejects(createPorts(base).next("the console"), {
      message: `port of the console: ${base} is not allowed; allowed: a port that nobody listens at; another base, or 0 for free ones (set in --port-base)`,
    });
  });

  // A part is told its port before it starts, and somebody's outgoing connection must not have it by then.
  it("are any free ones with base 0, none given twice and none of those that the system gives away", async () => {
    const ports = createPorts(0);
    const given = await Promise.all(Array.from({ length: 20 }, () => ports.next("part")));
    assert.equal(new Set(given).size, 20);
    assert.ok(Math.max(...given) < 32_768, String(given));
  });

  it("begin where an ordinary user may listen", () => {
    assert.deepEqual([parsePortBase("0"), parsePortBase("9000")], [0, 9000]);
    for (const wrong of ["80", "65001", "x", "", "1.5"]) assert.throws(() => parsePortBase(wrong), /--port-base/);
  });
});
