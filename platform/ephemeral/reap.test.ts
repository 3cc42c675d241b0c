import assert from "node:assert/strict";
import type { Backend, Update } from "./backend/backend";
import type { Cloud } from "./cloud/cloud";
import type { Context } from "./context";
import type { StackRecord, TaggedResource } from "./decisions";
import { anythingRemains, reap } from "./reap";
import { up } from "./up";

const now = new Date("2026-11-27T12:00:00Z");
const past = "2026-11-27T11:00:00Z";
const future = "2026-11-27T13:00:00Z";

/** A double of a backend and an account: stacks with their resources, and what neither state nor stack knows any more. */
class Account {
  readonly stacks = new Map<string, StackRecord>();
  readonly resources = new Map<string, TaggedResource>();
  readonly calls: string[] = [];
  failing = new Set<string>();
  /** Called when a stack is read again before it is destroyed. */
  onRead: (name: string) => void = () => undefined;

  add(name: string, expiresAt: string | undefined, { held = 1, lost = 0 } = {}): void {
    this.stacks.set(name, { name, resources: held, lastUpdate: past, owner: "ana", ...(expiresAt && { expiresAt }) });
    this.addResources(name, expiresAt, held + lost);
  }

  addResources(stack: string, expiresAt: string | undefined, count: number): void {
    for (let index = 0; index < count; index += 1) {
      const arn = `${stack}/${index}`;
      this.resources.set(arn, { arn, stack, ...(expiresAt && { expiresAt }) });
    }
  }

  readonly backend: Backend = {
    list: async () => [...this.stacks.values()],
    read: async (name) => {
      this.onRead(name);
      return this.stacks.get(name);
    },
    create: async (name) => {
      this.calls.push(`create ${name}`);
      this.stacks.set(name, { name, resources: 0 });
    },
    setTags: async (name) => void this.calls.push(`tags ${name}`),
    setConfig: async (name) => void this.calls.push(`config ${name}`),
    up: async (name): Promise<Update> => {
      this.calls.push(`up ${name}`);
      return { outcome: "done" };
    },
    destroy: async (name): Promise<Update> => {
      this.calls.push(`destroy ${name}`);
      if (this.failing.has(name)) return { outcome: "failed", message: "AccessDenied", log: "x.log" };
      const { resources } = this.stacks.get(name)!;
      for (let index = 0; index < resources; index += 1) this.resources.delete(`${name}/${index}`);
      return { outcome: "done" };
    },
    breakLock: async () => undefined,
    remove: async (name) => void this.stacks.delete(name),
    outputs: async () => ({}),
  };

  readonly cloud: Cloud = {
    region: "us-east-1",
    identity: async () => ({ account: "123456789012" }),
    find: async (stack) => [...this.resources.values()].filter((one) => stack === undefined || one.stack === stack),
    orderOf: () => 0,
    remove: async ({ arn }) => (this.resources.delete(arn) ? "removed" : "gone"),
    tag: async () => undefined,
    quotas: async () => new Map(),
  };

  readonly context: Context = {
    backend: this.backend,
    cloud: this.cloud,
    now: () => now,
    say: () => undefined,
    host: "here",
    alive: () => false,
    pause: async () => undefined,
  };
}

/** 200 expired stacks among others that must not be touched. */
function crowd(): Account {
  const account = new Account();
  for (let index = 0; index < 200; index += 1) account.add(`pr-${index}`, past, { held: 3, lost: index % 3 });
  for (const name of ["dev", "prod", "shared", "production", "staging"]) account.add(name, past, { held: 5 });
  for (let index = 0; index < 50; index += 1) account.add(`eph-young-${index}`, future, { held: 2, lost: 1 });
  account.add("eph-forever", "never");
  account.add("eph-by-hand", undefined);
  account.addResources("pr-999", past, 4);
  account.addResources("pr-998", future, 4);
  account.addResources("prod-copy", past, 4);
  return account;
}

const others = (account: Account) => ({
  stacks: [...account.stacks.keys()].filter((name) => !/^pr-\d{1,3}$/.test(name)).sort(),
  resources: [...account.resources.keys()].filter((arn) => !/^pr-(\d{1,2}|1\d\d|999)\//.test(arn)).sort(),
});

describe("reap", () => {
  it("of 200 expired stacks finds all, with what their states do not know, and touches no other", async () => {
    const account = crowd();
    const before = others(account);
    const report = await reap(account.context, true);
    assert.equal(report.stacks.filter(({ state }) => state === "removed").length, 200);
    assert.equal(report.swept.removed.length, 4, "resources of a stack that no backend has");
    assert.equal(anythingRemains(report), false);
    assert.deepEqual(others(account), before);
    assert.deepEqual([...account.stacks.keys()].sort(), before.stacks);
    assert.deepEqual([...account.resources.keys()].sort(), before.resources);
    assert.equal(anythingRemains(await reap(account.context, true)), false, "doing it again finds nothing");
  });

  it("changes nothing without --yes, and says that something remains", async () => {
    const account = crowd();
    const report = await reap(account.context, false);
    assert.deepEqual([report.expired.length, report.orphans.length, account.calls], [200, 4, []]);
    assert.equal(anythingRemains(report), true);
  });

  it("is stopped by no failure, and ends with a finding", async () => {
    const account = crowd();
    account.failing = new Set(["pr-3", "pr-77"]);
    const report = await reap(account.context, true);
    assert.equal(report.stacks.filter(({ state }) => state === "removed").length, 198);
    assert.deepEqual(
      report.stacks.flatMap(({ state, name, failure }) => (state === "kept" ? [[name, failure]] : [])),
      [
        ["pr-3", "AccessDenied (x.log)"],
        ["pr-77", "AccessDenied (x.log)"],
      ],
    );
    assert.equal(anythingRemains(report), true);
    account.failing.clear();
    assert.equal(anythingRemains(await reap(account.context, true)), false);
  });

  it("leaves a stack that was extended between the list and its turn", async () => {
    const account = new Account();
    account.add("pr-1", past);
    account.onRead = (name) => account.stacks.set(name, { ...account.stacks.get(name)!, expiresAt: future });
    const report = await reap(account.context, true);
    assert.deepEqual([report.stacks[0]!.state, account.calls], ["extended", []]);
    assert.equal(anythingRemains(report), false);
  });
});

describe("up", () => {
  const settings = {
    ttl: { default: "8h", most: "7d", never: false },
    stacks: { most: 20, perOwner: 3 },
  };

  it("tags a stack before anything is made, so that whatever is cut off can be reaped", async () => {
    const account = new Account();
    const report = await up(account.context, { name: "pr-1", owner: "ana", ttl: 480, demands: [] }, settings);
    assert.deepEqual(account.calls, ["create pr-1", "tags pr-1", "config pr-1", "up pr-1"]);
    assert.deepEqual([report.outcome, report.expiresAt], ["up", "2026-11-27T20:00:00Z"]);
  });

  it("changes nothing for another account than config names", async () => {
    const account = new Account();
    const request = { name: "pr-1", owner: "ana", ttl: 480, demands: [] };
    await assert.rejects(
      up(account.context, request, { ...settings, account: "000000000000" }),
      /account: "123456789012"/,
    );
    assert.deepEqual(account.calls, []);
  });
});
