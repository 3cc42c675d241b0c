/**
 * Runs the suite that needs a cache against a real Redis-compatible server; where none is installed, a notice is printed and
 * nothing fails.
 */
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { freePort } from "../../../runtime/free-port";
import { exitCodes, runMain } from "../../../runtime/main";

const servers = ["valkey-server", "redis-server"] as const;

void runMain("test:valkey", async () => {
  const server = servers.find((name) => spawnSync(name, ["--version"]).status === 0);
  if (server === undefined) {
    process.stdout.write(
      `skipped: no ${servers.join(" or ")} here (Debian: apt-get install redis-server)\n0 passed, 0 failed\n`,
    );
    return exitCodes.fine;
  }
  const port = await freePort();
  const mocha: ChildProcess = spawn(
    process.execPath,
    [require.resolve("mocha/bin/mocha.js"), "--spec", join(__dirname, "../cache.suite.ts")],
    { stdio: "inherit", env: { ...process.env, ROUTER_TEST_CACHE: `${server} ${port}` } },
  );
  const [code] = (await once(mocha, "exit")) as [number | null];
  return code ?? exitCodes.findings;
});
