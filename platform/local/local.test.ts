import assert from "node:assert/strict";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { lastWords } from "../../runtime/last-words";
import { attachedDatabase } from "./attach";
import { ensureBundles } from "./bundles";
import { down } from "./down";
import { router } from "./edge";
import { localGpu, localServices } from "./graph/evaluate-local";
import type { DeclaredService } from "./graph/tasks";
import { AddressBook } from "./realise/addresses";
import { databaseEnvironment } from "./realise/database-environment";
import { localDatabase } from "./realise/realisers";
import { LocalSecrets } from "./realise/secrets";
import { keepCopy, recoverDatabase } from "./run/database-recovery";
import { findRunning, takeDataDir } from "./run/run-file";
import { selectParts } from "./selection";
import { serviceLines } from "./terminal/summary";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "platform-local-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

describe("the stack as this machine evaluates it", () => {
  it("has one node per tier at least, and own code for the services whose code is here", () => {
    assert.deepEqual(localGpu({ quotas: { spotVcpus: 24 }, gold: { min: 0, max: 2 }, silver: { min: 3, max: 9 } }), {
      quotas: { spotVcpus: 24 },
      gold: { min: 1, max: 2 },
      silver: { min: 3, max: 9 },
    });
    const configured = { chat: { image: "x@sha256:1", cpu: 256 }, "ai-router": { cpu: 512 } };
    assert.deepEqual(localServices(configured, ["ai-router"]), {
      chat: { cpu: 256 },
      "ai-router": { cpu: 512, image: "local/ai-router" },
    });
  });
});

describe("the edge's rules", () => {
  it("are tried in order, with * for any text and ? for one character", () => {
    const match = router([
      { priority: 1, paths: ["/v1/*"], service: "ai-router" },
      { priority: 2, paths: ["/a.b/?", "/c"], service: "other" },
    ]);
    assert.deepEqual(["/v1/chat", "/a.b/x", "/aXb/x", "/a.b/xy", "/c", "/c/d", "/V1/x"].map(match), [
      "ai-router",
      "other",
      undefined,
      undefined,
      "other",
      undefined,
      undefined,
    ]);
  });
});

describe("names and values of the cloud", () => {
  it("lead to this machine where something answers under them here", () => {
    const book = new AddressBook();
    book.add("ai-router", 8010, 7403);
    assert.equal(
      book.localise("http://ai-router:8010/x http://ai-router:80 http://other:8010"),
      "http://127.0.0.1:7403/x http://ai-router:80 http://other:8010",
    );
  });

  it("give a service its role on the PostgreSQL of this machine, an embedded database, or an attached server's address", () => {
    const declared = { DB_HOST: localDatabase, DB_NAME: "kb", DB_USER: "kb_app", DB_TLS: "on", LOG_LEVEL: "info" };
    const own = { kind: "own", dataDir: "/data", port: 7423, passwordOf: (name: string) => `of ${name}` } as const;
    const served = databaseEnvironment("quest-system", { ...declared, DB_NAME: "quests", DB_USER: "quests" }, own);
    assert.deepEqual(served, {
      DB_HOST: "127.0.0.1",
      DB_NAME: "quests",
      DB_PASSWORD: "of quest-system",
      DB_POOL_SIZE: "2",
      DB_PORT: "7423",
      DB_TLS: "off",
      DB_USER: "quests",
      LOG_LEVEL: "info",
    });
    assert.deepEqual(databaseEnvironment("knowledge-base", declared, own), {
      DATA_DIR: join("/data", "databases", "knowledge-base"),
      LOG_LEVEL: "info",
    });
    const attached = attachedDatabase("127.0.0.1:5433", { LOCAL_DB_USER: "me", LOCAL_DB_PASSWORD: "secret" });
    const environment = databaseEnvironment("knowledge-base", declared, attached);
    assert.deepEqual(
      ["DB_HOST", "DB_PORT", "DB_NAME", "DB_USER", "DB_TLS"].map((name) => environment[name]),
      ["127.0.0.1", "5433", "kb", "me", "off"],
    );
    for (const wrong of ["db.example:5432", "127.0.0.1", "localhost:99999"]) {
      assert.throws(() => attachedDatabase(wrong, {}), /attach: .* is not allowed; allowed: 127\.0\.0\.1:PORT/);
    }
  });

  it("keep secrets in a file of the owner's, the same at the next start", () => {
    const file = join(folder, "secrets.json");
    const first = new LocalSecrets(file);
    const value = first.value("urn", 40);
    first.save();
    assert.match(value, /^[A-Za-z0-9]{40}$/);
    assert.equal(statSync(file).mode & 0o777, 0o600);
    assert.equal(new LocalSecrets(file).value("urn", 40), value);
  });
});

describe("a data folder", () => {
  it("belongs to one platform at a time, and a dead one's is taken over", () => {
    const mine = takeDataDir(folder, "dev");
    assert.throws(
      () => takeDataDir(folder, "dev"),
      new RegExp(`data-dir: .*: process ${process.pid} runs dev there.*platform down --local`),
    );
    mine.release();
    assert.equal(findRunning(folder), undefined);
    // Nobody has this process id for as long as that.
    writeFileSync(join(folder, "run.json"), JSON.stringify({ pid: process.pid, started: "1", stack: "dev" }));
    const again = takeDataDir(folder, "dev");
    assert.equal(JSON.parse(readFileSync(join(folder, "run.json"), "utf8")).pid, process.pid);
    again.release();
  });

  it("is never one that holds somebody's files, and a purge takes nothing but what was put there", async () => {
    writeFileSync(join(folder, "precious"), "");
    assert.throws(() => takeDataDir(folder, "dev"), /data-dir: .* allowed: a new or empty folder/);
    await down(folder, folder, true);
    assert.ok(statSync(join(folder, "precious")));
    const data = join(folder, "data");
    takeDataDir(data, "dev").release();
    writeFileSync(join(data, "notes"), "");
    const { kept } = await down(folder, data, true);
    assert.deepEqual([kept, readdirSync(data)], [[data], ["notes"]]);
    const empty = join(folder, "empty");
    takeDataDir(empty, "dev").release();
    assert.deepEqual((await down(folder, empty, true)).purged, [empty]);
    assert.throws(() => statSync(empty));
  });

  it("leaves programs alone that another platform of the project runs on", async () => {
    mkdirSync(join(folder, ".platform", "bundles"), { recursive: true });
    const mine = takeDataDir(join(folder, ".platform", "local"), "dev");
    const { kept } = await down(folder, join(folder, "other"), true);
    mine.release();
    assert.deepEqual(kept, [join(folder, ".platform", "bundles")]);
  });

  it("takes the emptied folders of the platform along in a purge, and no other", async () => {
    const images = join(folder, "build", "gpu-node");
    const worktrees = join(folder, ".platform", "worktrees");
    for (const each of [images, worktrees]) mkdirSync(each, { recursive: true });
    writeFileSync(join(images, "gpu-metrics.cjs"), "");
    writeFileSync(join(images, "notes"), "");
    writeFileSync(join(worktrees, "notes"), "");
    const data = join(folder, ".platform", "local");
    await down(folder, data, true);
    assert.deepEqual([readdirSync(images), readdirSync(worktrees)], [["notes"], ["notes"]]);
    rmSync(join(images, "notes"));
    rmSync(join(worktrees, "notes"));
    const { purged } = await down(folder, data, true);
    assert.deepEqual(purged, [images, worktrees, join(folder, ".platform"), join(folder, "build")]);
    assert.deepEqual(readdirSync(folder), []);
  });

  it("that cannot be made is named, and nothing waits for ever", function () {
    if (!existsSync("/proc")) return this.skip();
    assert.throws(
      () => takeDataDir("/proc/none/such", "dev"),
      /data-dir: "\/proc\/none\/such" .* folder that can be written/,
    );
    writeFileSync(join(folder, "file"), "");
    for (const wrong of ["file", join("file", "local")]) {
      assert.throws(() => takeDataDir(join(folder, wrong), "dev"), /data-dir: .* that can be written \(ENOTDIR\)/);
    }
  });

  it("of built programs that cannot be written is named", async () => {
    writeFileSync(join(folder, ".platform"), "");
    await assert.rejects(
      ensureBundles(folder, ["knowledge-base"]),
      /^InputError: bundles: ".*bundles" is not allowed; allowed: a folder that can be written \(ENOTDIR\) \(set in the project/,
    );
  });
});

describe("what is said of a program that ended", () => {
  it("is the error of a crash, not what Node writes around it", () => {
    const crash = [
      "ready",
      "node:fs:573",
      "  return binding.open(",
      "    ^",
      "",
      "TypeError: x is not a function",
      "    at a.js:1:2",
      "",
      "Node.js v20.20.2",
    ];
    assert.equal(lastWords(crash), "TypeError: x is not a function");
    assert.equal(lastWords(['{"level":50,"msg":"the port is taken"}', ""]), "the port is taken");
    assert.equal(lastWords([]), undefined);
  });
});

describe("a database that a power cut has torn", () => {
  const databases = () => readdirSync(join(folder, "databases")).sort();
  const write = (text: string) => writeFileSync(join(folder, "databases", "knowledge-base", "data"), text);
  const torn = new Error("knowledge-base migrate ended with code 1: PANIC: could not locate a valid checkpoint record");

  beforeEach(() => mkdirSync(join(folder, "databases", "knowledge-base"), { recursive: true }));

  it("is kept aside, and the copy of the last orderly stop takes its place", () => {
    write("in order");
    keepCopy(folder, "knowledge-base");
    write("torn");
    assert.match(
      recoverDatabase(folder, "knowledge-base", torn) ?? "",
      /cannot be opened.*the copy of the last orderly stop/,
    );
    const [whole, broken] = databases();
    assert.match(broken!, /^knowledge-base\.broken-/);
    assert.equal(readFileSync(join(folder, "databases", whole!, "data"), "utf8"), "in order");
    assert.equal(readFileSync(join(folder, "databases", broken!, "data"), "utf8"), "torn");
  });

  it("is left alone where the failure is another one", () => {
    write("in order");
    assert.equal(recoverDatabase(folder, "knowledge-base", new Error("syntax error at line 3")), undefined);
    assert.deepEqual(databases(), ["knowledge-base"]);
  });
});

describe("a choice of parts", () => {
  const service = (name: string, variables: readonly string[] = []) =>
    ({
      name,
      main: { environment: variables.map((each) => ({ name: each, value: "x" })) },
    }) as unknown as DeclaredService;
  const services = [service("ai-router", ["GOLD_URL"]), service("chat")];

  it("is everything where none is named, and names what there is where one is wrong", () => {
    assert.deepEqual(selectParts(services, []), { services, tiers: true });
    assert.deepEqual(selectParts(services, ["chat"]), { services: [services[1]], tiers: false });
    assert.throws(() => selectParts(services, ["nope"]), /only: "nope" .*tiers \(gold and silver\), ai-router, chat/);
  });

  it("must hold what a part sends its requests to", () => {
    assert.throws(() => selectParts(services, ["ai-router"]), /allowed: ai-router together with tiers/);
    assert.equal(selectParts(services, ["ai-router", "tiers"]).tiers, true);
  });
});

describe("what is said once everything is up", () => {
  it("counts the services that run their own code, and says of stubs that they are stubs", () => {
    const states = [
      { name: "weather-manager", kind: "stub" },
      { name: "knowledge-base", kind: "program" },
      { name: "edge", kind: "embedded" },
      { name: "ai-router", kind: "program" },
    ] as const;
    assert.match(
      serviceLines(states).join(" "),
      /^2 of 3 services run .*: ai-router, knowledge-base\. The other 1 are stubs/,
    );
    assert.deepEqual(serviceLines(states.slice(1)), []);
  });
});
