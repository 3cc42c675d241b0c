import assert from "node:assert/strict";
import fc from "fast-check";
import { SseFramer } from "./sse-framer";

describe("event framing", () => {
  it("gives the same events however the bytes are cut, with either line ending", () => {
    const payload = fc.string({ minLength: 1, unit: "grapheme" }).map((text) => `data: ${JSON.stringify({ text })}`);
    fc.assert(
      fc.property(
        fc.array(payload, { maxLength: 12 }),
        fc.array(fc.nat(400)),
        fc.boolean(),
        (events, cuts, windows) => {
          const bytes = Buffer.from(events.map((event) => `${event}\n\n`).join(""));
          const sent = windows ? Buffer.from(bytes.toString().replaceAll("\n\n", "\r\n\r\n")) : bytes;
          const seen: string[] = [];
          const framer = new SseFramer((event) => seen.push(event.toString("utf8")));
          const places = [...new Set([0, ...cuts.map((cut) => cut % (sent.length + 1)), sent.length])].sort(
            (a, b) => a - b,
          );
          for (let index = 1; index < places.length; index++)
            framer.push(sent.subarray(places[index - 1], places[index]));
          assert.deepEqual(
            seen,
            events.map((event) => `${event}\n\n`),
          );
          assert.equal(framer.torn, false);
        },
      ),
    );
  });

  it("says that a stream ended inside an event", () => {
    const framer = new SseFramer(() => {});
    framer.push(Buffer.from("data: {}\n\ndata: {"));
    assert.equal(framer.torn, true);
  });
});
