import assert from "node:assert/strict";
import { createHash, randomBytes } from "node:crypto";
import { once } from "node:events";
import { appendFileSync, existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { downloadFile, verifiedHash } from "./download";

const content = randomBytes(200_000);
const hash = createHash("sha256").update(content).digest("hex");

describe("a download", () => {
  let folder: string;
  let server: Server;
  let url: string;
  /** What the next requests get: everything, as much as this and then a cut, or a refusal. */
  let plan: ("whole" | "no ranges" | number)[];
  let ranges: (string | undefined)[];

  before(async () => {
    server = createServer((request, response) => {
      const { range } = request.headers;
      ranges.push(range);
      const next = plan.shift() ?? 404;
      if (next === 404) return void response.writeHead(404).end();
      const from = next === "no ranges" ? 0 : Number(/bytes=(\d+)-/.exec(range ?? "")?.[1] ?? 0);
      if (from >= content.length) return void response.writeHead(416).end();
      const part = content.subarray(from);
      response.writeHead(from > 0 ? 206 : 200, { "content-length": part.length });
      if (typeof next !== "number") return void response.end(part);
      response.write(part.subarray(0, next), () => response.socket?.end());
    }).listen(0, "127.0.0.1");
    await once(server, "listening");
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/weights`;
  });
  after(() => server.close());
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "download-"));
    ranges = [];
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));
  const file = () => join(folder, "below", "weights");

  it("arrives whole, says how large it is, and records its hash", async () => {
    plan = ["whole"];
    const seen: [number, number | undefined][] = [];
    assert.equal(await downloadFile({ url, file: file(), progress: (...step) => void seen.push(step) }), hash);
    assert.deepEqual(readFileSync(file()), content);
    assert.deepEqual(seen[0], [0, content.length]);
    assert.deepEqual(seen.at(-1), [content.length, content.length]);
    assert.equal(await verifiedHash(file(), "the test"), hash);
  });

  it("goes on where it was cut off", async () => {
    plan = [100_000, "whole"];
    await assert.rejects(downloadFile({ url, file: file() }), { name: "DownloadFailed" });
    assert.ok(!existsSync(file()), "half a file is never taken for one");
    assert.equal(await downloadFile({ url, file: file() }), hash);
    assert.deepEqual(readFileSync(file()), content);
    assert.match(ranges[1] ?? "", /^bytes=[1-9]\d*-$/);
  });

  it("begins anew where the server knows no ranges, and ends where nothing was missing", async () => {
    plan = [100_000, "no ranges"];
    await assert.rejects(downloadFile({ url, file: file() }));
    assert.equal(await downloadFile({ url, file: file() }), hash);
    rmSync(file());
    appendFileSync(`${file()}.part`, content);
    plan = ["whole"];
    assert.equal(await downloadFile({ url, file: file() }), hash);
  });

  it("says in one line what failed", async () => {
    plan = [];
    await assert.rejects(downloadFile({ url, file: file() }), { message: `${url}: the server answered 404` });
    await assert.rejects(downloadFile({ url: "http://127.0.0.1:1/x", file: file() }), /ECONNREFUSED|bad port/);
  });

  it("is refused when it has changed since", async () => {
    plan = ["whole"];
    await downloadFile({ url, file: file() });
    appendFileSync(file(), "x");
    await assert.rejects(verifiedHash(file(), "KB_MODELS_DIR"), (error: Error) => {
      assert.match(error.message, new RegExp(`^sha256: .*${hash}.*remove the file.*KB_MODELS_DIR`));
      return true;
    });
  });
});
