import assert from "node:assert/strict";
import fc from "fast-check";
import { parsePrometheus } from "./prometheus";

const all = (): boolean => true;

describe("Prometheus text", () => {
  it("reads names, labels, values and passes over the rest", () => {
    const samples = parsePrometheus(
      `# HELP a What it is
# TYPE a gauge
a 1
b{x="1",y="two words, {braces} and \\"quotes\\"\\n"} -2.5e-3 1700000000000

c_bucket{le="+Inf"} 7 # {trace_id="x"} 0.5
d{ } +Inf
e{x="1",} NaN
`,
      all,
    );
    assert.deepEqual(samples.slice(0, 4), [
      { name: "a", labels: {}, value: 1 },
      { name: "b", labels: { x: "1", y: 'two words, {braces} and "quotes"\n' }, value: -0.0025 },
      { name: "c_bucket", labels: { le: "+Inf" }, value: 7 },
      { name: "d", labels: {}, value: Number.POSITIVE_INFINITY },
    ]);
    assert.ok(Number.isNaN(samples[4]?.value));
  });

  it("gives only what is wanted", () => {
    assert.deepEqual(parsePrometheus("a 1\nab 2\n", (name) => name === "a").length, 1);
  });

  it("hands on what it cannot read and goes on", () => {
    const unreadable: string[] = [];
    const samples = parsePrometheus('a{x="1\nb 2\nc two\n3 4\nd{x=1} 5\ne 6', all, (line) => unreadable.push(line));
    assert.deepEqual(
      samples.map(({ name }) => name),
      ["b", "e"],
    );
    assert.deepEqual(unreadable, ['a{x="1', "c two", "3 4", "d{x=1} 5"]);
  });

  it("reads back any label value and number", () => {
    fc.assert(
      fc.property(fc.string(), fc.double({ noNaN: true }), (text, value) => {
        const escaped = text.replaceAll("\\", "\\\\").replaceAll("\n", "\\n").replaceAll('"', '\\"');
        const shown = value === Number.POSITIVE_INFINITY ? "+Inf" : String(value).replace("Infinity", "Inf");
        const [sample] = parsePrometheus(`m{l="${escaped}"} ${shown}`, all);
        assert.equal(sample?.labels.l, text);
        assert.ok(sample?.value === value);
      }),
    );
  });
});
