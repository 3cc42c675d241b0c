import assert from "node:assert/strict";
import { checkRoom, judgeLock, judgeStacks, lockHolders, orphansOf, type StackRecord } from "./decisions";

const now = new Date("2026-11-27T12:00:00Z");
const past = "2026-11-27T11:59:00Z";
const future = "2026-11-27T12:01:00Z";
const stack = (name: string, more: Partial<StackRecord> = {}): StackRecord => ({
  name,
  resources: 3,
  lastUpdate: "2026-11-26T12:00:00Z",
  ...more,
});

describe("what is decided about ephemeral stacks", () => {
  it("reaps only allowed names whose time has come", () => {
    const verdicts = judgeStacks(
      [
        stack("pr-1", { expiresAt: past }),
        stack("eph-ana", { expiresAt: future }),
        stack("pr-2", { expiresAt: "never" }),
        stack("pr-3", { expiresAt: "tomorrow" }),
        stack("pr-4"),
        stack("pr-5", { resources: 0, lastUpdate: undefined }),
        stack("pr-6", { resources: 0 }),
        ...["dev", "prod", "shared", "production", "pr-7-", "xpr-8"].map((name) => stack(name, { expiresAt: past })),
      ],
      now,
    );
    assert.deepEqual(
      verdicts.filter(({ reap }) => reap).map((verdict) => verdict.stack.name),
      ["pr-1", "pr-5"],
    );
    assert.deepEqual(
      verdicts.slice(0, 5).map(({ why }) => why),
      [
        "expired 1m ago",
        "1m left",
        "never expires",
        'its tag "tomorrow" is not a time',
        "it has no expiry: `platform ephemeral extend` gives it one",
      ],
    );
  });

  it("takes for orphans what is expired, allowed, and held by no stack of the backend", () => {
    const resource = (arn: string, of: string, expiresAt?: string) => ({
      arn,
      stack: of,
      ...(expiresAt && { expiresAt }),
    });
    const orphans = orphansOf(
      [
        resource("gone", "pr-1", past),
        resource("held", "pr-2", past),
        resource("other-backend", "pr-3", future),
        resource("untagged", "pr-4"),
        resource("prod", "prod", past),
        { arn: "logs", stack: "pr-5", abandoned: true },
        { arn: "logs-of-held", stack: "pr-2", abandoned: true },
      ],
      [stack("pr-2", { expiresAt: future })],
      now,
    );
    assert.deepEqual(
      orphans.map(({ arn }) => arn),
      ["gone", "logs"],
    );
  });

  it("gives a name to one owner, and each owner so many", () => {
    const limits = { most: 3, perOwner: 2 };
    const stacks = [stack("pr-1", { owner: "ana" }), stack("pr-2", { owner: "ana" }), stack("dev"), stack("eph-old")];
    const check = (name: string, owner: string, most = limits.most) =>
      checkRoom({ name, owner }, stacks, { ...limits, most }, "ephemeral.yaml");
    check("pr-1", "ana");
    check("eph-old", "ben");
    assert.throws(
      () => check("pr-1", "ben"),
      /^InputError: owner: "ben" is not allowed; allowed: ana, whose stack pr-1 is/,
    );
    assert.throws(
      () => check("pr-3", "ana"),
      /stacks\.perOwner: 3 is not allowed; allowed: at most 2 .* ana has pr-1, pr-2/,
    );
    assert.throws(() => check("pr-3", "ben"), /stacks\.most: 4 is not allowed; allowed: at most 3 at once/);
    check("pr-3", "ben", 4);
  });

  const locked = `error: the stack is currently locked by 2 lock(s). Either wait for the other process(es) to end or delete the lock file with \`pulumi cancel\`.
  s3://state/.pulumi/locks/organization/game/pr-1/a.json: created by root@here (pid 41) at 2026-11-27T11:00:00Z
  s3://state/.pulumi/locks/organization/game/pr-1/b.json: created by ci@runner-7 (pid 9) at 2026-11-27T04:00:00+01:00`;

  it("reads who holds a lock", () => {
    assert.deepEqual(lockHolders(locked), [
      { user: "root", host: "here", pid: 41, since: "2026-11-27T11:00:00Z" },
      { user: "ci", host: "runner-7", pid: 9, since: "2026-11-27T04:00:00+01:00" },
    ]);
    assert.deepEqual(lockHolders("error: something else"), []);
  });

  it("takes a lock for left behind by a dead process of this machine, or by its age", () => {
    const holder = (host: string, pid: number, since: string) => ({ user: "x", host, pid, since });
    const judge = (...holders: Parameters<typeof judgeLock>[0]) =>
      judgeLock(holders, { host: "here", alive: (pid) => pid === 1, now });
    assert.equal(judge(holder("here", 1, past)), "busy-here");
    assert.equal(judge(holder("here", 2, past)), "left-behind");
    assert.equal(judge(holder("there", 2, "2026-11-27T06:00:01Z")), "busy-elsewhere");
    assert.equal(judge(holder("there", 2, "2026-11-27T05:59:59Z")), "left-behind");
    assert.equal(judge(holder("here", 2, past), holder("there", 2, past)), "busy-elsewhere");
    assert.equal(judge(holder("here", 2, past), holder("here", 1, past)), "busy-here");
  });
});
