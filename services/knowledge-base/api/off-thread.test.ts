import assert from "node:assert/strict";
import MarkdownIt from "markdown-it";
import { mostLines } from "../ingest/prepare";
import { startApi, type TestApi } from "../testing/api";
import { type TestMemory, testMemory } from "../testing/memory";

describe("the thread that answers requests", () => {
  let memory: TestMemory;
  let api: TestApi;
  let key: string;
  // What this thread reads itself; a worker thread has modules of its own.
  const { parse: parseMarkdown } = MarkdownIt.prototype;
  const parseJson = JSON.parse;
  let markdown = 0;
  let json = 0;

  before(async () => {
    memory = await testMemory();
    api = await startApi(memory);
    key = await api.key("k", ["read", "write"]);
    MarkdownIt.prototype.parse = function (this: unknown, text, environment) {
      markdown = Math.max(markdown, text.length);
      return parseMarkdown.call(this as never, text, environment);
    };
    JSON.parse = (text: string, reviver) => {
      json = Math.max(json, text.length);
      return parseJson(text, reviver);
    };
  });
  after(async () => {
    MarkdownIt.prototype.parse = parseMarkdown;
    JSON.parse = parseJson;
    await api.close();
    await memory.dispose();
  });
  const send = async (body: string, url = "/documents", method: "PUT" | "POST" = "PUT") => {
    markdown = 0;
    json = 0;
    return api.call(method, url, key, body);
  };
  const put = (content: string) => send(JSON.stringify({ source: "s", file: "a.md", content }));

  it("reads a short document itself, and leaves a long one to a worker thread", async () => {
    const short = "# Gate\n\nOrsolya guards the gate.";
    assert.equal((await put(short)).status, 200);
    assert.ok(markdown >= short.length, "the probe sees what this thread reads");
    const long = `${short}\n\n${"The wolf howls at the moon. ".repeat(1_000)}`;
    assert.equal((await put(long)).status, 200);
    assert.equal(markdown, 0);
    const large = `${short}\n\n${"-".repeat(1_500_000)}`;
    assert.equal((await put(large)).status, 200);
    assert.deepEqual([markdown, json < 1_000_000], [0, true], "nor the JSON that a large one comes in");
  });

  it("refuses what would take long: many lines, large bodies that are no document, large JSON of many parts", async () => {
    const lines = await put("- a\n".repeat(mostLines + 1));
    assert.equal(lines.status, 400);
    assert.match(lines.text, /at most 65536 lines/);
    assert.equal(markdown, 0);
    const query = JSON.stringify({ query: "x".repeat(1_100_000) });
    assert.equal((await send(query, "/search/semantic", "POST")).status, 413);
    for (const body of [`{"a":[${"[],".repeat(500_000)}1]}`, "x".repeat(1_100_000)]) {
      assert.equal((await send(body)).status, 400);
      assert.ok(json < 1_000_000);
    }
  });
});
