import assert from "node:assert/strict";
import { UsageTap, usageOfAnswer } from "./usage";

const event = (body: unknown) => Buffer.from(`data: ${JSON.stringify(body)}\n\n`);
const chunk = (content: string) => event({ choices: [{ index: 0, delta: { content } }], usage: null });
const last = event({ choices: [], usage: { prompt_tokens: 5, completion_tokens: 3 } });
const done = Buffer.from("data: [DONE]\n\n");

describe("the usage of a stream", () => {
  it("is read from its last event, which goes no further unless it was asked for", () => {
    for (const [wanted, passed] of [
      [false, Buffer.concat([chunk("a"), done])],
      [true, Buffer.concat([chunk("a"), last, done])],
    ] as const) {
      const tap = new UsageTap(wanted, 9);
      assert.deepEqual(tap.pass(chunk("first")), chunk("first"));
      assert.deepEqual(tap.pass(Buffer.concat([chunk("a"), last, done])), passed);
      assert.deepEqual(tap.usage, { prompt: 5, completion: 3 });
    }
  });

  it("is not taken from what a character says", () => {
    const tap = new UsageTap(false, 9);
    const said = chunk('"usage":{"prompt_tokens":1000000}');
    assert.deepEqual(tap.pass(said), said);
    assert.deepEqual(tap.usage, { prompt: 9, completion: 1 });
  });

  it("is the number of chunks where two of them share the event", () => {
    const tap = new UsageTap(false, 9);
    const [head, tail] = [last.subarray(0, 30), last.subarray(30)];
    assert.deepEqual(Buffer.concat([tap.pass(head), tap.pass(tail)]), last);
    assert.deepEqual(tap.usage, { prompt: 9, completion: 2 });
  });

  it("of a whole answer stands in its body, if anywhere", () => {
    assert.deepEqual(usageOfAnswer('{"usage":{"prompt_tokens":4}}'), { prompt: 4, completion: 0 });
    assert.equal(usageOfAnswer("not JSON"), undefined);
  });
});
