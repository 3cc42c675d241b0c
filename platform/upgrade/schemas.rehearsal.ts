import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createTestDatabase } from "../../runtime/testing/database";
import { git, withWorktree } from "../plan/baseline/worktree";
import { rehearse } from "./rehearse";

// The programs of an earlier commit and of this checkout on one database: `npm run rehearse:schemas`.
//
//   REHEARSAL_BASE   git ref of the last release   (default: the commit before the newest one that touches a migration)

const root = join(__dirname, "..", "..");

/** What a service needs beside a database; absent for one that the tests' PostgreSQL cannot serve. */
const settings: Readonly<Record<string, Record<string, string> | undefined>> = {
  "ai-router": { GOLD_URL: "http://127.0.0.1:65499" },
  // Its migrations need pgvector, which the embedded PostgreSQL lacks.
  "knowledge-base": undefined,
};

async function baseCommit(): Promise<string> {
  const given = process.env.REHEARSAL_BASE;
  if (given) return git(root, "rev-parse", "--verify", "--quiet", `${given}^{commit}`);
  return git(
    root,
    "rev-parse",
    `${await git(root, "log", "-1", "--format=%H", "--", ":(glob)**/schema/migrations/**")}^`,
  );
}

function bundle(tree: string, service: string, outdir: string): void {
  const args = [join(tree, "images", "bundle.cjs"), service, "--outdir", outdir];
  execFileSync(process.execPath, args, { stdio: ["ignore", "ignore", "pipe"], encoding: "utf8" });
}

/** The first line of what a bundler that failed said. */
const reasonOf = (error: unknown): string =>
  (error as { stderr?: string }).stderr?.split("\n").find((line) => line.includes("ERROR")) ?? String(error);

describe("programs of the last release and of the head on one database", function () {
  this.timeout(0);
  const folder = mkdtempSync(join(tmpdir(), "rehearsal-"));
  const services = readdirSync(join(root, "services")).filter((name) =>
    existsSync(join(root, "services", name, "main.ts")),
  );
  const rehearsed = services.filter((name) => !(name in settings && settings[name] === undefined));
  before(async () => {
    const commit = await baseCommit();
    console.log(`  last release: ${await git(root, "log", "-1", "--format=%h %s", commit)}`);
    for (const service of rehearsed) bundle(root, service, join(folder, "head"));
    await withWorktree(root, join(root, ".platform", "rehearsal"), commit, async (tree) => {
      symlinkSync(join(root, "node_modules"), join(tree, "node_modules"));
      for (const service of rehearsed.filter((name) => existsSync(join(tree, "services", name, "main.ts")))) {
        // The last release is bundled with this checkout's packages: one that has since gone stops it.
        try {
          bundle(tree, service, join(folder, "last"));
        } catch (error) {
          console.log(
            `  skipped ${service}: the last release cannot be bundled with today's packages: ${reasonOf(error)}`,
          );
        }
      }
    });
  });
  after(() => rmSync(folder, { recursive: true, force: true }));

  for (const service of services) {
    it(service, async function () {
      const [last, head] = ["last", "head"].map((release) => join(folder, release, service));
      if (!rehearsed.includes(service) || !existsSync(join(last!, "service.cjs"))) return this.skip();
      const place = await createTestDatabase();
      try {
        const releases = { last: { name: "last", folder: last! }, head: { name: "head", folder: head! } };
        assert.deepEqual(await rehearse({ ...releases, database: place.environment, settings: settings[service] }), []);
      } finally {
        await place.drop();
      }
    });
  }
});
