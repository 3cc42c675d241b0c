import assert from "node:assert/strict";
import { execFileSync, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { until } from "../runtime/service/testing/start";
import { createTestDatabase, type TestDatabase } from "../runtime/testing/database";

const root = join(__dirname, "..");

describe("the folder of a service's image, away from the repository and its packages", function () {
  this.timeout(180_000);
  let folder: string;
  let place: TestDatabase;
  before(async () => {
    folder = mkdtempSync(join(tmpdir(), "service-image-"));
    execFileSync(process.execPath, [join(root, "images/bundle.cjs"), "capability-registry", "--outdir", folder], {
      stdio: "ignore",
    });
    place = await createTestDatabase();
  });
  after(async () => {
    await place.drop();
    rmSync(folder, { recursive: true, force: true });
  });

  it("migrates and serves with the variables that its Dockerfile sets", async () => {
    const app = join(folder, "capability-registry");
    const dockerfile = readFileSync(join(root, "images/containers/service.Dockerfile"), "utf8");
    const set = (variable: string) => new RegExp(`\\b${variable}=/app/(\\S+)`).exec(dockerfile)![1]!;
    const env = {
      ...place.environment,
      API_KEY: "secret",
      KIT_MIGRATIONS_DIR: join(app, set("KIT_MIGRATIONS_DIR")),
      MIGRATIONS_DIR: join(app, set("MIGRATIONS_DIR")),
      NODE_ENV: "production",
      PORT: "0",
    };
    const program = join(app, "service.cjs");
    const migrated = spawnSync(process.execPath, [program, "migrate"], { cwd: app, env, encoding: "utf8" });
    assert.equal(migrated.stdout, "ran 0001_registry\nran 0001_kit\nran 0002_relay\n", migrated.stderr);

    const child = spawn(process.execPath, [program], { cwd: app, env, stdio: ["ignore", "ignore", "pipe"] });
    let log = "";
    child.stderr.on("data", (chunk: Buffer) => {
      log += chunk.toString();
    });
    let port: string | undefined;
    await until(() => {
      assert.equal(child.exitCode, null, log);
      port = /"port":(\d+).*"msg":"listening"/.exec(log)?.[1];
      return port !== undefined;
    });
    const answer = await fetch(`http://127.0.0.1:${port}/engines`, { headers: { "x-api-key": "secret" } });
    assert.deepEqual(await answer.json(), { items: [], nextCursor: null });
    const ended = once(child, "exit");
    child.kill("SIGTERM");
    assert.deepEqual(await ended, [0, null]);
  });
});
