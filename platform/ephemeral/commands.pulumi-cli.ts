import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { hostname } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { type Result, ShortStack } from "./testing/short-stack";

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await sleep(20);
}

const said = ({ code, stdout, stderr }: Result): string => `exit code ${code}\n${stdout}${stderr}`;

describe("platform ephemeral with the real CLI", function () {
  this.timeout(0);
  let short: ShortStack;
  const ledger = () => short.workspace.ledger;
  const backendFolder = () => new URL(short.env.PULUMI_BACKEND_URL!).pathname;
  const lockFolder = (name: string) => join(backendFolder(), ".pulumi", "locks", "organization", "short", name);
  const leaveLock = (name: string, lock: { pid: number; hostname: string; timestamp: string }) => {
    mkdirSync(lockFolder(name), { recursive: true });
    writeFileSync(join(lockFolder(name), "left.json"), JSON.stringify({ username: "ana", ...lock }));
  };

  before(async () => {
    short = await ShortStack.open({ STAND_IN_ANSWER_AFTER_MS: "100" });
  });
  after(() => short?.close());

  it("brings a stack up with its life in the stack's tags, the resources' tags and the config, and takes all of it down", async () => {
    const up = await short.run(["up", "eph-ana", "--ttl", "8h", "--owner", "ana", "--json"]);
    assert.equal(up.code, 0, said(up));
    const { expiresAt, outputs } = JSON.parse(up.stdout);
    assert.match(outputs.url, /^http:\/\/vpc-/);
    assert.match(up.stderr, /^ {2}cost {3}8h: \$0\.01 expected/m);
    const [stack] = JSON.parse((await short.run(["list", "--json"])).stdout);
    assert.deepEqual([stack.name, stack.owner, stack.expiresAt], ["eph-ana", "ana", expiresAt]);
    const tags = [...ledger().existing().values()].map((entry) => entry.tags?.ExpiresAt);
    assert.deepEqual(new Set(tags), new Set([expiresAt]));
    assert.match(readFileSync(join(short.workspace.program, "Pulumi.eph-ana.yaml"), "utf8"), new RegExp(expiresAt));

    const shorter = await short.run(["up", "eph-ana", "--ttl", "1h", "--owner", "ana", "--json"]);
    assert.equal(JSON.parse(shorter.stdout).expiresAt, expiresAt, "a redeploy never shortens a life");
    const extended = await short.run(["extend", "eph-ana", "--ttl", "2d", "--owner", "ana", "--json"]);
    const later = JSON.parse(extended.stdout).expiresAt;
    assert.ok(Date.parse(later) > Date.parse(expiresAt));
    assert.deepEqual(
      new Set([...ledger().existing().values()].map((entry) => entry.tags?.ExpiresAt)),
      new Set([later]),
    );

    const down = await short.run(["down", "eph-ana", "--owner", "ana"]);
    assert.equal(down.code, 0, said(down));
    assert.deepEqual([...ledger().existing().keys()], []);
    const again = await short.run(["down", "eph-ana", "--owner", "ana"]);
    assert.deepEqual([again.code, again.stdout], [0, "eph-ana: no such stack in the backend\n"]);
  });

  it("lets one of two `up`s at once through, and the state is that of the one", async () => {
    const both = await Promise.all([1, 2].map(() => short.run(["up", "eph-two", "--ttl", "8h", "--owner", "ana"])));
    assert.ok(
      both.some(({ code }) => code === 0),
      both.map(said).join("\n"),
    );
    for (const result of both.filter(({ code }) => code !== 0)) {
      assert.equal(result.code, 2, said(result));
      assert.match(
        result.stderr.trim().split("\n").at(-1)!,
        /^platform: (lock: .* is not allowed|name: "eph-two" is not allowed)/,
      );
    }
    const up = await short.run(["up", "eph-two", "--ttl", "8h", "--owner", "ana"]);
    assert.equal(up.code, 0, said(up));
    const urns = [...ledger().existing().values()].map(({ urn }) => urn);
    assert.equal(new Set(urns).size, urns.length, "nothing was made twice");
    assert.equal((await short.run(["down", "eph-two", "--owner", "ana"])).code, 0);
  });

  it("stops in good order at Ctrl-C, and goes on with the next `up`", async () => {
    const start = ledger().entries().length;
    const { child, ended } = short.start(["up", "eph-stop", "--ttl", "8h", "--owner", "ana"]);
    await until(() => ledger().entries().length - start >= 4);
    process.kill(-child.pid!, "SIGINT");
    const stopped = await ended;
    assert.equal(stopped.code, 1, said(stopped));
    assert.deepEqual(short.updates(), []);
    assert.deepEqual(readdirSync(lockFolder("eph-stop")), [], "no lock is left");
    const made = ledger().existing().size;
    assert.ok(made < 21, `${made} of 21 made`);
    const up = await short.run(["up", "eph-stop", "--ttl", "8h", "--owner", "ana"]);
    assert.equal(up.code, 0, said(up));
    assert.equal(ledger().existing().size, 21, "what was made before the stop was kept, and nothing made twice");
    assert.equal((await short.run(["down", "eph-stop", "--owner", "ana"])).code, 0);
    assert.deepEqual([...ledger().existing().keys()], []);
  });

  it("finishes or removes an `up` that failed half-way", async () => {
    const failing = { STAND_IN_FAIL: "parameter-2" };
    const failed = await short.run(["up", "eph-half", "--ttl", "8h", "--owner", "ana"], failing);
    assert.equal(failed.code, 1, said(failed));
    assert.match(failed.stderr, /^ {2}`up` again goes on, `down` removes it$/m);
    assert.ok(ledger().existing().size > 0);
    const up = await short.run(["up", "eph-half", "--ttl", "8h", "--owner", "ana"]);
    assert.equal(up.code, 0, said(up));
    assert.equal((await short.run(["down", "eph-half", "--owner", "ana"])).code, 0);
    assert.deepEqual([...ledger().existing().keys()], []);
  });

  it("takes back a lock that was left behind, and refuses one of another machine until it is old or told to", async () => {
    const up = () => short.run(["up", "eph-lock", "--ttl", "8h", "--owner", "ana"]);
    assert.equal((await up()).code, 0);
    const recent = new Date().toISOString();
    leaveLock("eph-lock", { pid: 1, hostname: "elsewhere", timestamp: recent });
    const refused = await up();
    assert.equal(refused.code, 2, said(refused));
    assert.match(refused.stderr, /platform: lock: "ana@elsewhere, process 1, since .* --break-lock/);
    leaveLock("eph-lock", { pid: 2 ** 22 - 1, hostname: hostname(), timestamp: recent });
    const taken = await up();
    assert.equal(taken.code, 0, said(taken));
    assert.match(taken.stderr, /eph-lock: takes back the lock of ana@/);
    leaveLock("eph-lock", { pid: 1, hostname: "elsewhere", timestamp: "2020-01-01T00:00:00Z" });
    assert.equal((await up()).code, 0);
    leaveLock("eph-lock", { pid: 1, hostname: "elsewhere", timestamp: recent });
    const down = await short.run(["down", "eph-lock", "--owner", "ana", "--break-lock"]);
    assert.equal(down.code, 0, said(down));
  });

  it("keeps a secret out of the state, the log, the report and the list", async () => {
    const secret = `planted-${randomUUID()}`;
    writeFileSync(join(short.workspace.program, "Pulumi.eph-secret.yaml"), "");
    await short.workspace.must("stack", "init", "eph-secret");
    await short.workspace.must("config", "set", "--secret", "password", secret, "--stack", "eph-secret");
    const results = [
      await short.run(["up", "eph-secret", "--ttl", "8h", "--owner", "ana", "--json"]),
      await short.run(["list", "--json"]),
    ];
    for (const result of results) assert.equal(result.code, 0, said(result));
    const files = [backendFolder(), join(short.workspace.program, ".platform")].flatMap((folder) =>
      readdirSync(folder, { recursive: true, withFileTypes: true })
        .filter((entry) => entry.isFile())
        .map((entry) => readFileSync(join(entry.parentPath ?? entry.path, entry.name), "utf8")),
    );
    assert.ok(files.length > 2);
    for (const text of [...results.map(said), ...files]) assert.ok(!text.includes(secret));
    assert.equal((await short.run(["down", "eph-secret", "--owner", "ana"])).code, 0);
  });

  describe("refuses with one line and exit code 2, and changes nothing", () => {
    before(async () => {
      const up = await short.run(["up", "eph-kept", "--ttl", "8h", "--owner", "ana"]);
      assert.equal(up.code, 0, said(up));
    });

    const settings = (text: string) => () => writeFileSync(join(short.workspace.program, "ephemeral.yaml"), text);
    const none = {
      AWS_ACCESS_KEY_ID: "",
      AWS_SECRET_ACCESS_KEY: "",
      AWS_EC2_METADATA_DISABLED: "true",
      AWS_CONFIG_FILE: "/dev/null",
      AWS_SHARED_CREDENTIALS_FILE: "/dev/null",
      HOME: "/nonexistent",
    };
    const rows: [string, string[], RegExp, { env?: Record<string, string>; before?: () => void }?][] = [
      ["a long-lived name", ["up", "prod"], /name: "prod" is not allowed/],
      ["a long-lived name to take down", ["down", "dev"], /name: "dev" is not allowed/],
      ["an unknown name", ["up", "my-stack"], /name: "my-stack" is not allowed/],
      ["a name with a path", ["down", "pr-1/../prod"], /name: "pr-1\/..\/prod" is not allowed/],
      ["a ttl of nonsense", ["up", "pr-1", "--ttl", "soon"], /ttl: "soon" is not allowed/],
      ["a ttl beyond the most", ["up", "pr-1", "--ttl", "8d"], /ttl: "8d" is not allowed; allowed: at most 7d/],
      ["a life without end", ["up", "pr-1", "--ttl", "never"], /ttl: "never" is not allowed/],
      ["a ttl for extend that is too short", ["extend", "eph-kept", "--ttl", "1m"], /ttl: "1m" is not allowed/],
      ["a second owner", ["up", "eph-kept", "--owner", "ben"], /owner: "ben" is not allowed; allowed: ana/],
      ["a second owner to take it down", ["down", "eph-kept", "--owner", "ben"], /owner: "ben" is not allowed/],
      ["an owner that no tag can hold", ["up", "pr-1", "--owner", "a<b>"], /owner: "a<b>" is not allowed/],
      ["a stack to extend that is not there", ["extend", "pr-99", "--ttl", "8h"], /name: "pr-99" is not allowed/],
      ["no credentials", ["up", "pr-1", "--owner", "ana"], /credentials: nothing is not allowed/, { env: none }],
      ["no credentials to reap", ["reap", "--yes"], /credentials: nothing is not allowed/, { env: none }],
      [
        "a backend that is not there",
        ["list"],
        /backend: "file:\/\/\/nonexistent" is not allowed/,
        { env: { PULUMI_BACKEND_URL: "file:///nonexistent" } },
      ],
      [
        "no CLI",
        ["list"],
        /pulumi: "\/nonexistent" is not allowed; .*npm install --global pulumi/,
        { env: { PULUMI_CLI: "/nonexistent" } },
      ],
      [
        "a wrong passphrase",
        ["up", "eph-kept", "--owner", "ana"],
        /passphrase: nothing is not allowed/,
        { env: { PULUMI_CONFIG_PASSPHRASE: "wrong" } },
      ],
      [
        "AWS that cannot be reached",
        ["reap"],
        /AWS: "ECONNREFUSED" is not allowed/,
        { env: { AWS_ENDPOINT_URL: "http://127.0.0.1:65499" } },
      ],
      [
        "the wrong account",
        ["up", "pr-1", "--owner", "ana"],
        /account: "123456789012" is not allowed; allowed: credentials of 000000000000/,
        { before: settings('account: "000000000000"\n') },
      ],
      [
        "settings of nonsense",
        ["up", "pr-1"],
        /ttl\.most: "long" is not allowed; .*\(set in ephemeral\.yaml\)/,
        { before: settings("ttl: { most: long }\n") },
      ],
      ["an unknown setting", ["up", "pr-1"], /tll: .* is not allowed/, { before: settings("tll: {}\n") }],
      [
        "too many stacks",
        ["up", "pr-1", "--owner", "ben"],
        /stacks\.most: 2 is not allowed/,
        { before: settings("stacks: { most: 1 }\n") },
      ],
    ];
    for (const [what, args, message, { env, before: prepare } = {}] of rows) {
      it(what, async () => {
        prepare?.();
        const [entries, state] = [ledger().entries().length, readdirSync(backendFolder(), { recursive: true }).sort()];
        const result = await short.run(args, env);
        settings("")();
        assert.equal(result.code, 2, said(result));
        const line = result.stderr.trim().split("\n").at(-1)!;
        assert.match(line, /^platform: /);
        assert.match(line, message);
        assert.doesNotMatch(result.stderr, /^\s+at /m, "no stack trace");
        assert.equal(ledger().entries().length, entries);
        assert.deepEqual(readdirSync(backendFolder(), { recursive: true }).sort(), state);
      });
    }
  });
});

describe("platform ephemeral up, of an account that refuses", function () {
  this.timeout(0);
  for (const [what, options, message] of [
    ["expired credentials", { refuse: "ExpiredToken" }, /credentials: "expired" is not allowed/],
    [
      "a quota that is too small",
      { quota: 0 },
      /quota L-[0-9A-F]+: \d+ is not allowed; allowed: 0 more .* request-service-quota-increase/,
    ],
  ] as const) {
    it(`says so of ${what}, and makes nothing`, async () => {
      const short = await ShortStack.open({}, options);
      try {
        const result = await short.run(["up", "pr-1", "--ttl", "8h", "--owner", "ana"]);
        assert.equal(result.code, 2, said(result));
        assert.match(result.stderr.trim().split("\n").at(-1)!, message);
        assert.deepEqual(JSON.parse((await short.run(["list", "--json"])).stdout), []);
        assert.deepEqual(short.workspace.ledger.entries(), []);
      } finally {
        short.close();
      }
    });
  }
});
