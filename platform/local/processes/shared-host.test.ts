import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { makeFolder } from "../../../runtime/make-folder";
import { ManagedProcess } from "./managed-process";
import { SharedHost } from "./shared-host";

const root = join(__dirname, "../../..");

describe("programs that share a process", function () {
  this.timeout(120_000);
  let folder: string;
  let host: SharedHost;
  let programs: ManagedProcess[];
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "shared-host-"));
    host = new SharedHost();
    programs = [];
  });
  afterEach(async () => {
    await Promise.all(programs.map((each) => each.stop()));
    await host.stop();
    rmSync(folder, { recursive: true });
  });

  /** What a bundle of a service does when it is loaded. @param start Code that returns what ends it; knows `environment` and `say`. */
  const handingOver = (name: string, start: string) => `
    const say = (msg) => console.error(JSON.stringify({ name: ${JSON.stringify(name)}, msg }));
    globalThis[Symbol.for("game-ai-platform.service-host")]({ start: async (environment) => { ${start} } });`;
  const sound = `say(environment.WHO + " in " + process.pid); return { stop: async () => say("ends in order") };`;

  function program(name: string, start: string, stopSeconds = 5): ManagedProcess {
    const file = join(folder, `${name}.cjs`);
    writeFileSync(file, handingOver(name, start));
    const managed = new ManagedProcess(
      {
        name,
        command: [process.execPath, file, "serve"],
        env: { PATH: process.env.PATH, WHO: name },
        ...{ stopSeconds, restart: true, launch: host.launch },
      },
      () => undefined,
    );
    programs.push(managed);
    return managed;
  }
  const said = (managed: ManagedProcess) => managed.logs().map((line) => (JSON.parse(line) as { msg: string }).msg);

  it("have environment, output and end of their own", async () => {
    const [one, two] = [program("one", sound), program("two", sound)];
    await Promise.all([one.start(), two.start()]);
    await until(() => one.logs().length === 1 && two.logs().length === 1);
    assert.deepEqual([said(one), said(two)], [[`one in ${host.pid}`], [`two in ${host.pid}`]]);
    await one.stop();
    assert.deepEqual([said(one).at(-1), one.status, two.status], ["ends in order", "stopped", "healthy"]);
    await one.start();
    await until(() => said(one).at(-1) === `one in ${host.pid}`);
    assert.deepEqual([two.restarts, said(two).length], [0, 1]);
  });

  it("fail alone where one cannot start, with its own words", async () => {
    const fine = program("fine", sound);
    const wrong = program(
      "wrong",
      `throw Object.assign(new Error("DB_HOST: nothing is allowed"), { name: "InputError" });`,
    );
    await fine.start();
    const exits: string[] = [];
    wrong.onExit(({ line }) => exits.push(line));
    await wrong.start().catch(() => undefined);
    await until(() => exits.length > 0);
    assert.equal(exits[0], "wrong ended with code 2: DB_HOST: nothing is allowed");
    assert.deepEqual([fine.restarts, fine.status], [0, "healthy"]);
  });

  it("are bundles of services that leave their packages outside, each loaded once for all", async () => {
    makeFolder(join(root, ".platform"));
    const bundles = mkdtempSync(join(root, ".platform", "shared-host-"));
    try {
      const build = [join(root, "images/bundle.cjs"), "capability-registry", "--outdir", bundles, "--inputs"];
      execFileSync(process.execPath, build, { stdio: "ignore" });
      const file = join(bundles, "capability-registry.hosted.cjs");
      assert.match(readFileSync(file, "utf8"), /require\("fastify"\)/);
      const service = new ManagedProcess(
        {
          ...{
            name: "capability-registry",
            command: [process.execPath, file, "serve"],
            env: { PATH: process.env.PATH },
          },
          ...{ stopSeconds: 5, restart: false, launch: host.launch },
        },
        () => undefined,
      );
      programs.push(service);
      const exits: string[] = [];
      service.onExit(({ line }) => exits.push(line));
      await service.start().catch(() => undefined);
      await until(() => exits.length > 0);
      // It was found, loaded with its packages, and asked for its database.
      assert.match(exits[0]!, /ended with code 2: database: nothing is not allowed/);
    } finally {
      rmSync(bundles, { recursive: true });
    }
  });

  it("all come back in a new process where theirs was killed", async () => {
    const [one, two] = [program("one", sound), program("two", sound)];
    await Promise.all([one.start(), two.start()]);
    const killed = host.pid!;
    process.kill(killed, "SIGKILL");
    await until(() => one.restarts === 1 && two.restarts === 1 && one.status === "healthy" && two.status === "healthy");
    assert.notEqual(host.pid, killed);
    await until(() => said(one).at(-1) === `one in ${host.pid}`);
  });

  it("are cut off when the time to end is over: the others come back", async () => {
    const hanging = program("hanging", "return { stop: () => new Promise(() => undefined) };", 0.1);
    const other = program("other", sound);
    await Promise.all([hanging.start(), other.start()]);
    await hanging.stop();
    assert.equal(hanging.status, "stopped");
    await until(() => other.restarts === 1 && other.status === "healthy");
  });
});

/** Waits for a condition; mocha's own limit ends a wait in vain. */
async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await new Promise((resolve) => setTimeout(resolve, 20));
}
