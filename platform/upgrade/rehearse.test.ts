import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { cpSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createTestDatabase } from "../../runtime/testing/database";
import { rehearse } from "./rehearse";

const root = join(__dirname, "..", "..");

describe("the rehearsal of a schema's upgrade", function () {
  this.timeout(300_000);
  let folder: string;
  before(() => {
    folder = mkdtempSync(join(tmpdir(), "rehearsal-"));
    const bundle = [join(root, "images", "bundle.cjs"), "capability-registry", "--outdir", folder];
    execFileSync(process.execPath, bundle, { stdio: "ignore" });
  });
  after(() => rmSync(folder, { recursive: true, force: true }));

  /** The head as the last release with one more migration. */
  async function withMigration(name: string, sql: string): Promise<string[]> {
    const last = join(folder, "capability-registry");
    const head = join(folder, name);
    cpSync(last, head, { recursive: true });
    writeFileSync(join(head, "migrations", `0099_${name}.sql`), sql);
    const place = await createTestDatabase();
    try {
      return await rehearse({
        last: { name: "last", folder: last },
        head: { name: "head", folder: head },
        database: place.environment,
      });
    } finally {
      await place.drop();
    }
  }

  it("lets a migration through that only adds", async () => {
    assert.deepEqual(await withMigration("expands", "ALTER TABLE engines ADD COLUMN note text;"), []);
  });

  it("refuses one that takes a table away from the last release", async () => {
    const problems = await withMigration("contracts", "ALTER TABLE engines RENAME TO engine;");
    assert.ok(
      problems.some((problem) =>
        /^the last release on its own schema, after the head's migrations ran under it: GET \/engines answers 500$/.test(
          problem,
        ),
      ),
      problems.join("\n"),
    );
    assert.ok(
      problems.some((problem) => problem.startsWith("the last release on the head's schema")),
      problems.join("\n"),
    );
  });

  it("refuses one that does not run", async () => {
    const problems = await withMigration("fails", "ALTER TABLE nothing ADD COLUMN note text;");
    assert.deepEqual(
      problems.map((problem) => problem.split(":")[0]),
      ["the migrations of the head release do not run"],
    );
  });
});
