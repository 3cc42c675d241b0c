import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { existsSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { FetchError, fetchModel } from "./fetch-model";
import { modelFile, modelPath, recordedHashes } from "./model-files";

const whole = Buffer.concat([
  Buffer.from("GGUF"),
  Buffer.from(Array.from({ length: 300_000 }, (_, index) => (index * 7) % 251)),
]);
const sha256 = createHash("sha256").update(whole).digest("hex");

describe("fetching a model", () => {
  let folder: string;
  let server: Server;
  let url: string;
  let answer: (request: IncomingMessage, response: ServerResponse) => void;
  let ranges: (string | undefined)[];
  let said: string[];

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "models-"));
    ranges = [];
    said = [];
    answer = (request, response) => serve(request, response, whole);
    server = createServer((request, response) => {
      ranges.push(request.headers.range);
      answer(request, response);
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/model.gguf`;
  });
  afterEach(async () => {
    server.closeAllConnections();
    server.close();
    await rm(folder, { recursive: true });
  });

  /** A file server with ranges, as hubs have them. @param cutAt Bytes after which the connection breaks */
  function serve(
    request: IncomingMessage,
    response: ServerResponse,
    bytes: Buffer,
    { cutAt = Number.POSITIVE_INFINITY, etag = '"one"' } = {},
  ): void {
    const [, start] = /^bytes=(\d+)-$/.exec(request.headers.range ?? "") ?? [];
    const wanted = request.headers["if-range"];
    const from = start !== undefined && (wanted === undefined || wanted === etag) ? Number(start) : 0;
    if (from >= bytes.length) {
      response.writeHead(416).end();
      return;
    }
    const part = bytes.subarray(from);
    const head = { "content-length": part.length, etag };
    if (from > 0)
      response.writeHead(206, { ...head, "content-range": `bytes ${from}-${bytes.length - 1}/${bytes.length}` });
    else response.writeHead(200, head);
    if (part.length <= cutAt) response.end(part);
    else response.write(part.subarray(0, cutAt), () => setTimeout(() => response.destroy(), 20));
  }

  const fetched = (more: { sha256?: string } = {}) =>
    fetchModel({ name: "tiny", model: { url, ...more }, folder, say: (line) => said.push(line), tries: 2, retryMs: 1 });

  it("brings it, checks it, and records its hash the first time", async () => {
    const { file, checked, bytes } = await fetched();
    assert.deepEqual([readFileSync(file).equals(whole), checked, bytes], [true, "recorded now", whole.length]);
    assert.equal(recordedHashes(folder).tiny!.sha256, sha256);
    assert.equal(existsSync(`${file}.partial`), false);
    const again = await fetched();
    assert.deepEqual([again.downloaded, again.checked, ranges.length], [false, "recorded before", 1]);
  });

  it("goes on where the connection broke, as often as something comes", async () => {
    answer = (request, response) => serve(request, response, whole, { cutAt: 80_000 });
    const { file, checked } = await fetched({ sha256 });
    assert.ok(readFileSync(file).equals(whole));
    assert.equal(checked, "pinned");
    assert.equal(ranges[0], undefined);
    const later = ranges.filter((range) => /^bytes=[1-9]\d*-$/.test(range ?? ""));
    assert.ok(later.length >= 3, ranges.join());
  });

  it("goes on in a later try, and from the start where the file has changed meanwhile", async () => {
    answer = (request, response) => serve(request, response, whole, { cutAt: ranges.length > 1 ? 0 : 100_000 });
    await assert.rejects(fetched(), (error: Error) => {
      assert.ok(error instanceof FetchError);
      assert.match(error.message, /^tiny: .*, with 0\.1 MB here; the same command goes on from there$/);
      return true;
    });
    const here = statSync(`${modelFile(folder, "tiny")}.partial`).size;
    ranges = [];
    const other = Buffer.concat([whole.subarray(0, 4), whole.subarray(1_000)]);
    answer = (request, response) => serve(request, response, other, { etag: '"two"' });
    const { file } = await fetched();
    assert.equal(ranges[0], `bytes=${here}-`);
    assert.ok(readFileSync(file).equals(other));
  });

  it("takes a server without ranges", async () => {
    let cut = true;
    answer = (request, response) => {
      delete request.headers.range;
      serve(request, response, whole, { cutAt: cut ? 50_000 : undefined });
      cut = false;
    };
    assert.ok(readFileSync((await fetched()).file).equals(whole));
  });

  it("tries again after an error of the server, and gives up with one line after some", async () => {
    answer = (request, response) =>
      ranges.length === 1 ? response.writeHead(503).end() : serve(request, response, whole);
    assert.equal((await fetched()).downloaded, true);
    await rm(modelFile(folder, "tiny"));
    answer = (_, response) => response.writeHead(502).end();
    await assert.rejects(fetched(), /^FetchError: tiny: the server answered 502, with 0\.0 MB here/);
    answer = (_, response) => response.writeHead(404).end();
    await assert.rejects(fetched(), /^FetchError: tiny: http.* answered 404$/);
  });

  it("removes what is not the file that it should be, and says which hash it has", async () => {
    const wrong = /^FetchError: tiny: its SHA-256 is [0-9a-f]{64}, and 0{64} is pinned; the file was removed$/;
    await assert.rejects(fetched({ sha256: "0".repeat(64) }), wrong);
    await fetched();
    await rm(modelFile(folder, "tiny"));
    answer = (request, response) => serve(request, response, Buffer.concat([whole, whole]));
    await assert.rejects(fetched(), /and [0-9a-f]{64} was recorded when it was fetched first; the file was removed$/);
    answer = (_, response) => response.writeHead(200, { "content-length": 16 }).end("<html>hello ...>");
    await assert.rejects(fetched(), /what came is no GGUF file; the file was removed/);
    assert.deepEqual(
      [existsSync(modelFile(folder, "tiny")), existsSync(`${modelFile(folder, "tiny")}.partial`)],
      [false, false],
    );
  });

  it("checks a file that is here, and fetches anew after one that was damaged", async () => {
    const { file } = await fetched();
    writeFileSync(file, Buffer.concat([whole, Buffer.from("x")]));
    await assert.rejects(fetched(), /was recorded when it was fetched first; the file was removed/);
    assert.equal((await fetched()).downloaded, true);
  });
});

describe("--model", () => {
  it("takes a GGUF file, and says in one line what else is wrong", async () => {
    const folder = await mkdtemp(join(tmpdir(), "models-"));
    try {
      writeFileSync(join(folder, "own.gguf"), whole);
      writeFileSync(join(folder, "text.gguf"), "no model");
      assert.equal(modelPath("own.gguf", folder, folder), join(folder, "own.gguf"));
      assert.throws(
        () => modelPath("text.gguf", folder, folder),
        /^InputError: model: "text\.gguf".*a file in GGUF.*\(set in --model\)$/,
      );
      assert.throws(() => modelPath("absent.gguf", folder, folder), /the path of a GGUF file, or a name of/);
      assert.throws(
        () => modelPath("smollm2-360m-instruct", folder, folder),
        /platform model fetch smollm2-360m-instruct/,
      );
    } finally {
      await rm(folder, { recursive: true });
    }
  });
});
