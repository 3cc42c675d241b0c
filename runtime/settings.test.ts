import assert from "node:assert/strict";
import { count, readSettings, setting } from "./settings";

const settings = {
  port: setting(count(0, 65_535), 8000, "port"),
  queueSeconds: setting(count(1), 20, "wait"),
} as const;
const read = (given: Record<string, unknown>, environment: Record<string, string>) =>
  readSettings(settings, "HOST", given, environment, { port: ["PORT"] });

describe("settings", () => {
  it("come from options, then their variable, then another one, then the default", () => {
    assert.deepEqual(read({}, { HOST_QUEUE_SECONDS: "" }), { port: 8000, queueSeconds: 20 });
    assert.equal(read({}, { PORT: "1" }).port, 1);
    assert.equal(read({}, { PORT: "1", HOST_PORT: "2" }).port, 2);
    assert.equal(read({ port: "3" }, { PORT: "1", HOST_PORT: "2" }).port, 3);
  });

  it("that are wrong are named by where they are set", () => {
    assert.throws(() => read({}, { PORT: "x" }), /port: "x" is not allowed.*0 to 65535 \(set in PORT\)/);
    assert.throws(() => read({}, { HOST_PORT: "x" }), /\(set in HOST_PORT\)/);
    assert.throws(() => read({ queueSeconds: "0" }, {}), /a whole number from 1 \(set in --queue-seconds\)/);
    assert.throws(() => read({ queueSeconds: " " }, {}), /a whole number from 1/);
  });
});
