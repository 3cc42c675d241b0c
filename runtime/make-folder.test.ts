import assert from "node:assert/strict";
import { existsSync, mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { makeFolder } from "./make-folder";

describe("making a folder", () => {
  let base: string;
  beforeEach(() => {
    base = mkdtempSync(join(tmpdir(), "make-folder-"));
  });
  afterEach(() => rmSync(base, { recursive: true, force: true }));

  it("makes those above it too, and leaves what is there", () => {
    makeFolder(join(base, "a", "b"), 0o700);
    makeFolder(join(base, "a", "b"));
    assert.equal(statSync(join(base, "a", "b")).mode & 0o777, 0o700);
  });

  it("ends with the system's error where it cannot be", function () {
    if (!existsSync("/proc")) return this.skip();
    assert.throws(() => makeFolder("/proc/none/such"), /ENOENT|EACCES/);
  });
});
