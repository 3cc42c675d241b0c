import assert from "node:assert/strict";
import { count, listenSettings, readSettings, setting, whereSet } from "./settings";

const settings = {
  ...listenSettings(8000),
  queueSeconds: setting(count(1), 20, "wait"),
} as const;
const read = (given: Record<string, unknown>, environment: Record<string, string>) =>
  readSettings(settings, "OWN", given, environment);

describe("settings", () => {
  it("come from options, then the program's variable, then the one that programs share, then the default", () => {
    assert.deepEqual(read({}, { OWN_QUEUE_SECONDS: "" }), { host: "127.0.0.1", port: 8000, queueSeconds: 20 });
    assert.equal(read({}, { PORT: "1" }).port, 1);
    assert.equal(read({}, { PORT: "1", OWN_PORT: "2" }).port, 2);
    assert.equal(read({ port: "3" }, { PORT: "1", OWN_PORT: "2" }).port, 3);
    assert.equal(read({}, { HOST: "0.0.0.0" }).host, "0.0.0.0");
    assert.equal(read({}, { HOST: "0.0.0.0", OWN_HOST: "127.0.0.2" }).host, "127.0.0.2");
  });

  it("that are wrong are named by where they are set", () => {
    assert.throws(() => read({}, { PORT: "x" }), /port: "x" is not allowed.*0 to 65535 \(set in PORT\)/);
    assert.throws(() => read({}, { OWN_PORT: "x" }), /\(set in OWN_PORT\)/);
    assert.throws(() => read({ queueSeconds: "0" }, {}), /a whole number from 1 \(set in --queue-seconds\)/);
    assert.throws(() => read({ queueSeconds: " " }, {}), /a whole number from 1/);
    assert.equal(whereSet("OWN", "port", settings.port), "--port, OWN_PORT or PORT");
    assert.equal(whereSet("OWN", "queueSeconds", settings.queueSeconds), "--queue-seconds or OWN_QUEUE_SECONDS");
  });
});
