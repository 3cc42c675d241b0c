/**
 * Memory of small services in the process that they share on this machine: copies of capability-registry, each from a bundle of its own,
 * on one PostgreSQL; proportional set of that process after five requests to each, in MiB. `hosted` bundles leave their packages outside,
 * as `npm start` builds them; `whole` ones bring them, as images do. Linux only.
 * Usage: npx tsx bench/hosted-services.ts [COPIES]
 */
import { execFileSync, fork } from "node:child_process";
import { copyFileSync, mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { memoryKib } from "../platform/local/processes/memory";
import { ensureOwnedDatabases } from "../runtime/database/server/databases";
import { startServer } from "../runtime/database/server/start";
import { runMain } from "../runtime/main";

const root = join(__dirname, "..");
const copies = Number(process.argv[2] ?? 20);
const service = "capability-registry";
const role = { name: "hosted", password: "hosted" };

void runMain("bench:hosted-services", async () => {
  // Below the project, so that bundles find the packages that stay outside.
  const bundles = join(root, ".platform", "bench-hosted");
  const data = mkdtempSync(join(tmpdir(), "bench-hosted-"));
  mkdirSync(bundles, { recursive: true });
  execFileSync(process.execPath, [join(root, "images/bundle.cjs"), service, "--outdir", bundles, "--inputs"]);
  const server = await startServer(data);
  try {
    await ensureOwnedDatabases(server.address, [{ name: role.name, owner: role }]);
    const { host, port } = server.address;
    const database = { DB_HOST: host, DB_PORT: String(port), DB_NAME: role.name, DB_USER: role.name, DB_TLS: "off" };
    const environment = {
      ...{ PATH: process.env.PATH, HOST: "127.0.0.1", PORT: "0", API_KEY: "the-key" },
      ...{ ...database, DB_PASSWORD: role.password, DB_POOL_SIZE: "2" },
      MIGRATIONS_DIR: join(root, "services", service, "schema/migrations"),
      KIT_MIGRATIONS_DIR: join(root, "runtime/service/schema/migrations"),
    };
    execFileSync(process.execPath, [join(bundles, `${service}.cjs`), "migrate"], { env: environment, stdio: "ignore" });
    for (const [kind, file] of [
      ["hosted", `${service}.hosted.cjs`],
      ["whole", `${service}.cjs`],
    ] as const) {
      const [one, all] = [
        await measure(join(bundles, file), 1, environment),
        await measure(join(bundles, file), copies, environment),
      ];
      process.stdout.write(`${kind}: 1 service ${one} MiB, ${copies} services ${all} MiB\n`);
    }
    return 0;
  } finally {
    await server.stop();
    for (const folder of [bundles, data]) rmSync(folder, { recursive: true, force: true });
  }
});

/** Starts copies one after the other in a host, asks each five times. @returns MiB of the host */
async function measure(file: string, count: number, environment: NodeJS.ProcessEnv): Promise<number> {
  const child = fork(join(root, "platform/local/processes/service-host.cjs"), [], {
    env: { PATH: process.env.PATH },
    silent: true,
    execArgv: [],
  });
  try {
    const lines = createInterface({ input: child.stderr! })[Symbol.asyncIterator]();
    for (let copy = 0; copy < count; copy += 1) {
      const own = file.replace(/\.cjs$/, `.${copy}.cjs`);
      copyFileSync(file, own);
      child.send({ start: `copy ${copy}`, file: own, env: environment });
      let port: string | undefined;
      while (port === undefined) {
        const line = await lines.next();
        if (line.done === true) throw new Error("the host ended");
        port = /"port":(\d+).*"listening"/.exec(line.value)?.[1];
      }
      for (let request = 0; request < 5; request += 1) {
        const answer = await fetch(`http://127.0.0.1:${port}/engines`, { headers: { "x-api-key": "the-key" } });
        await answer.text();
      }
    }
    return Math.round((memoryKib(child.pid!) ?? 0) / 1024);
  } finally {
    child.kill("SIGKILL");
  }
}
