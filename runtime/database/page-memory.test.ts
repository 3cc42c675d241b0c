import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pageMemoryMb } from "./page-memory";

describe("the memory that an embedded database keeps pages in", () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "page-memory-"));
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  const store = (megabytes: number) => {
    const file = join(folder, "base", "5", "16384");
    mkdirSync(join(folder, "base", "5"), { recursive: true });
    writeFileSync(file, "");
    truncateSync(file, megabytes * 2 ** 20);
  };

  it("is small where nothing is stored yet", () => {
    assert.equal(pageMemoryMb(join(folder, "absent")), 32);
    store(3);
    assert.equal(pageMemoryMb(folder), 32);
  });

  it("is as much as is stored, up to 256 MB", () => {
    store(100);
    assert.equal(pageMemoryMb(folder), 100);
    store(5_000);
    assert.equal(pageMemoryMb(folder), 256);
  });
});
