import assert from "node:assert/strict";
import { type ChildProcess, execFileSync, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { chmodSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { serviceAddresses } from "../contracts/services/addresses";
import { freePort } from "../runtime/free-port";
import { until } from "../runtime/service/testing/start";
import { createTestDatabase, type TestDatabase } from "../runtime/testing/database";

const root = join(__dirname, "..");
const dockerfile = readFileSync(join(root, "images/containers/service.Dockerfile"), "utf8");

/** Settings of the image that a machine without its files cannot have, and that a test gives another value. */
const notHere = new Set(["DB_CA_FILE", "HOST"]);

/** What the Dockerfile's ENV sets, with /app as the folder and the build's arguments filled in. */
function imageEnvironment(app: string, build: Readonly<Record<string, string>>): Record<string, string> {
  const blocks = [...dockerfile.matchAll(/^ENV ((?:.*\\\n)*.*)$/gm)].map(([, block]) => block);
  const settings = [...blocks.join("\n").matchAll(/(\w+)=(\S*)/g)].map(([, name, value]): [string, string] => [
    name!,
    value!.replace(/\$\{(\w+)\}/g, (_, variable: string) => build[variable] ?? "").replace(/^\/app/, app),
  ]);
  return Object.fromEntries(settings.filter(([name]) => !notHere.has(name)));
}

/** The words of an instruction in its JSON form, such as ENTRYPOINT; those of a health check stand on a line of their own, further in. */
function words(instruction: "ENTRYPOINT" | "CMD" | "HEALTHCHECK"): string[] {
  const begin = instruction === "HEALTHCHECK" ? " +CMD" : instruction;
  const [, list] = new RegExp(`^${begin} (\\[.*\\])$`, "m").exec(dockerfile)!;
  return JSON.parse(list!);
}

/** The user of the image may change nothing in it. A test that root runs becomes nobody; any other user finds the files closed. */
const asImageUser = process.getuid?.() === 0 ? { uid: 65_534, gid: 65_534 } : {};

const services = readdirSync(__dirname).filter((name) => name in serviceAddresses);

/** What a service needs beside a database to start; absent for one that cannot run on the tests' PostgreSQL. */
const needs: Readonly<Record<string, Record<string, string> | undefined>> = {
  "ai-router": { GOLD_URL: "http://127.0.0.1:65499" },
  // Its migrations need pgvector, which the embedded PostgreSQL lacks.
  "knowledge-base": undefined,
};

describe("the folder of a service's image, away from the repository and its packages", function () {
  this.timeout(300_000);
  let folder: string;
  before(() => {
    folder = mkdtempSync(join(tmpdir(), "service-image-"));
    execFileSync(process.execPath, [join(root, "images/bundle.cjs"), ...services, "--outdir", folder], {
      stdio: "ignore",
    });
    for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
      chmodSync(join(entry.parentPath ?? entry.path, entry.name), entry.isDirectory() ? 0o555 : 0o444);
    }
    chmodSync(folder, 0o755);
  });
  after(() => {
    for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
      if (entry.isDirectory()) chmodSync(join(entry.parentPath ?? entry.path, entry.name), 0o755);
    }
    rmSync(folder, { recursive: true, force: true });
  });

  /** An image's folder, its environment, and its entry point with other words than those of CMD. */
  async function laid(service: string) {
    const app = join(folder, service);
    const { health } = serviceAddresses[service as keyof typeof serviceAddresses];
    const port = await freePort();
    const build = { SERVICE: service, PORT: String(port), HEALTH_PATH: health, NODE_FLAGS: "--max-semi-space-size=1" };
    const env = { PATH: process.env.PATH!, ...imageEnvironment(app, build), API_KEY: "secret" };
    const [, ...entry] = words("ENTRYPOINT").map((word) => word.replace(/^\/app/, app));
    return { app, env, port, args: (...command: string[]) => [...entry, ...command] };
  }

  for (const service of services) {
    if (service in needs && needs[service] === undefined) {
      it(`${service}: starts as the image's user, reads its settings, and says in one line what it lacks`, async () => {
        const { app, env, args } = await laid(service);
        const options = { cwd: app, env, encoding: "utf8", ...asImageUser } as const;
        const { status, stderr } = spawnSync(process.execPath, args(...words("CMD")), options);
        assert.equal(status, 2, stderr);
        assert.match(stderr, /^\S+: database: nothing is not allowed; .*\n$/);
      });
      continue;
    }

    describe(service, () => {
      let place: TestDatabase;
      let child: ChildProcess | undefined;
      before(async () => {
        place = await createTestDatabase();
      });
      after(async () => {
        child?.kill("SIGKILL");
        await place.drop();
      });

      it("migrates and serves as the image's user from files that nobody can write, and its health check passes", async () => {
        const { app, env, args, port } = await laid(service);
        const options = { cwd: app, env: { ...env, ...place.environment, ...needs[service] }, ...asImageUser };
        const migrated = spawnSync(process.execPath, args("migrate"), { ...options, encoding: "utf8" });
        assert.match(migrated.stdout, /^(ran \w+\n)+$/, migrated.stderr);
        child = spawn(process.execPath, args(...words("CMD")), { ...options, stdio: ["ignore", "ignore", "pipe"] });
        let log = "";
        child.stderr!.on("data", (chunk: Buffer) => {
          log += chunk.toString();
        });
        await until(() => {
          assert.equal(child!.exitCode, null, log);
          return log.includes('"msg":"listening"') || log.includes(`:${port}`);
        });
        const [node, ...check] = words("HEALTHCHECK");
        assert.equal(node, "node");
        await until(() => spawnSync(process.execPath, check, options).status === 0);
        const ended = once(child, "exit");
        child.kill("SIGTERM");
        assert.deepEqual(await ended, [0, null], log);
      });
    });
  }
});
