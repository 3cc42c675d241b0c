import assert from "node:assert/strict";
import type { Readiness } from "./fair-queue";
import { Refusal } from "./refusal";
import { AdapterUnavailable, Scheduler, type SchedulerOptions, type SchedulerPorts, type Ticket } from "./scheduler";

const capacity = {
  slots: 1,
  slotsPerModel: 8,
  gpuAdapters: 1,
  heldAdapters: 2,
  contextTokens: 1_000,
  loadsNeedQuiet: true,
  spareUnloads: 0,
};

describe("admission scheduler", () => {
  let scheduler: Scheduler;
  let now: number;

  const open = (options: Partial<SchedulerOptions> = {}, ports: Partial<SchedulerPorts> = {}) => {
    now = 0;
    scheduler = new Scheduler(
      { perLane: 4, total: 8, ageBoundMs: 1_000, maxWaitMs: 30_000, now: () => now, ...options },
      {
        engineUp: () => true,
        capacity: () => capacity,
        stats: () => ({ kvCacheUsage: 0, running: 0, waiting: 0 }),
        access: () => "now",
        acquire: (adapter) => `${adapter}@1`,
        release: () => undefined,
        unavailable: () => undefined,
        claim: () => undefined,
        ...ports,
      },
    );
    return scheduler;
  };
  const submit = (ticket: Partial<Ticket> = {}) =>
    scheduler.submit({
      lane: "vampire",
      priority: 1,
      cost: 100,
      adapter: undefined,
      deadlineMs: Number.POSITIVE_INFINITY,
      signal: new AbortController().signal,
      ...ticket,
    });
  const refusedFor = (reason: string) => (error: unknown) => error instanceof Refusal && error.reason === reason;

  afterEach(() => scheduler.close());

  it("keeps halved bounds halved when accepted work comes back, and restores them when told", async () => {
    open();
    const running = await submit();
    scheduler.setDeprioritised(true);
    const waiting = [submit(), submit()];
    // A retry passes the bound and leaves it as it is.
    waiting.push(submit({ accepted: true }));
    await assert.rejects(submit(), refusedFor("queue_full"));
    await assert.rejects(
      submit({ lane: "lich", accepted: true, signal: AbortSignal.abort(new Error("left")) }),
      /left/,
    );
    waiting.push(submit({ lane: "lich" }));
    await assert.rejects(submit({ lane: "ghoul" }), refusedFor("overloaded"));
    scheduler.setDeprioritised(false);
    waiting.push(submit({ lane: "ghoul" }));
    assert.equal(scheduler.queued, 5);
    running.release(1);
    for (const lease of waiting) (await lease).release(1);
    assert.equal(scheduler.queued + scheduler.running, 0);
  });

  it("puts a request back when its adapter went away between choice and start, whatever the bounds say", async () => {
    let there = false;
    open({ perLane: 1, total: 1 }, { acquire: (adapter) => (there ? `${adapter}@2` : undefined) });
    const asked = submit({ adapter: "vampire/personality" });
    assert.deepEqual([scheduler.queued, scheduler.running], [1, 0]);
    there = true;
    scheduler.pump();
    const lease = await asked;
    assert.equal(lease.engineName, "vampire/personality@2");
    lease.release(5);
  });

  it("starts nothing while the engine is down, nor beside others while its memory is full", async () => {
    let up = false;
    let kvCacheUsage = 0.99;
    open(
      {},
      {
        engineUp: () => up,
        stats: () => ({ kvCacheUsage, running: 0, waiting: 0 }),
        capacity: () => ({ ...capacity, slots: 2 }),
      },
    );
    const [first, second] = [submit(), submit()];
    assert.equal(scheduler.running, 0);
    up = true;
    scheduler.pump();
    assert.equal(scheduler.running, 1, "one may always run");
    kvCacheUsage = 0.5;
    scheduler.pump();
    assert.equal(scheduler.running, 2);
    for (const lease of [await first, await second]) lease.release(1);
  });

  it("waits for the adapters in flight before quiet work, holds new ones back, and lets the base model go on", async () => {
    open({}, { capacity: () => ({ ...capacity, slots: 4 }) });
    const running = await submit({ adapter: "vampire/personality" });
    const course: string[] = [];
    const quiet = scheduler.quiet(async () => void course.push("quiet"), 10_000);
    const late = submit({ adapter: "lich/personality" }).then((lease) => {
      course.push("late");
      return lease;
    });
    (await submit()).release(1);
    assert.deepEqual(course, []);
    running.release(1);
    running.release(1);
    await quiet;
    (await late).release(1);
    assert.deepEqual(course, ["quiet", "late"]);
    assert.equal(scheduler.running, 0, "a lease given back twice counts once");
  });

  it("refuses a deadline that the recent rate cannot meet, with the time to come back", async () => {
    open();
    for (let index = 0; index < 20; index++) {
      const lease = await submit();
      now += 2_000;
      lease.release(1);
    }
    const running = await submit();
    const waiting = [submit(), submit()];
    assert.equal(Math.round(scheduler.expectedWaitSeconds()), 4);
    await assert.rejects(
      submit({ deadlineMs: 3_000 }),
      (error) => refusedFor("overloaded")(error) && (error as Refusal).retryAfterSeconds === 4,
    );
    waiting.push(submit({ deadlineMs: 5_000 }));
    running.release(1);
    for (const lease of waiting) (await lease).release(1);
  });

  it("tells those that wait too long, past their deadline, or for an adapter that will not come", async () => {
    const access: Readiness = "wait";
    const claimed: string[] = [];
    let reason: string | undefined;
    open(
      { maxWaitMs: 5_000 },
      { access: () => access, claim: (name) => claimed.push(name), unavailable: () => reason },
    );
    const late = submit({ adapter: "vampire/personality", deadlineMs: 500 });
    const long = submit({ adapter: "lich/personality" });
    now = 600;
    await assert.rejects(late, refusedFor("deadline_exceeded"));
    now = 5_000;
    await assert.rejects(long, refusedFor("queue_timeout"));
    const without = submit({ adapter: "ghoul/personality" });
    reason = "checksum";
    await assert.rejects(without, (error) => error instanceof AdapterUnavailable && error.message === "checksum");
    assert.equal(claimed.includes("vampire/personality"), false, "not before the age bound");
    assert.equal(scheduler.queued, 0);
  });
});
