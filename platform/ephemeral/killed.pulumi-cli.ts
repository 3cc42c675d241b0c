import assert from "node:assert/strict";
import { setTimeout as sleep } from "node:timers/promises";
import { reap } from "./reap";
import { ShortStack } from "./testing/short-stack";

// `up` ended by SIGKILL at random moments, then `down` and `reap`: the provider's own ledger must be empty, whatever the state knew.
//
//   KILL_ROUNDS   how many                        (default 20)
//   KILL_SEED     chooses the moments and is told (default 1)

const rounds = Number(process.env.KILL_ROUNDS ?? 20);
const victims = ["our command", "the CLI", "both process groups"] as const;

/** A number from 0 to 1 by a seed: mulberry32. */
function random(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

/** Waits for a condition, however slow the machine is. */
async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await sleep(20);
}

function kill(pid: number): void {
  try {
    process.kill(pid, "SIGKILL");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
  }
}

describe("an `up` that is killed", function () {
  this.timeout(0);
  const next = random(Number(process.env.KILL_SEED ?? 1));
  let short: ShortStack;
  let neverInState = 0;

  before(async () => {
    short = await ShortStack.open({ STAND_IN_ANSWER_AFTER_MS: "150" });
  });
  after(() => short?.close());

  for (let round = 0; round < rounds; round += 1) {
    const victim = victims[round % victims.length]!;
    // 21 resources; beyond that the moment is after the last creation.
    const made = Math.floor(next() * 23);
    const laterMs = next() * 200;
    it(`round ${round + 1}: SIGKILL of ${victim} after ${made} creations leaves nothing behind`, async () => {
      const { ledger } = short.workspace;
      const name = `eph-round-${round}`;
      const start = ledger.entries().length;
      const { child, ended } = short.start(["up", name, "--ttl", "30m", "--owner", "ana"]);
      let over = false;
      void ended.then(() => {
        over = true;
      });
      await until(() => over || (short.updates().length > 0 && ledger.entries().length - start >= Math.min(made, 21)));
      await sleep(laterMs);
      const [cli] = short.updates();
      if (victim !== "the CLI") kill(victim === "our command" ? child.pid! : -child.pid!);
      if (victim !== "our command" && cli !== undefined) kill(victim === "the CLI" ? cli : -cli);
      await ended;

      const down = await short.run(["down", name, "--owner", "ana"]);
      assert.equal(down.code, 0, down.stdout + down.stderr);
      if (down.stdout.includes("\n  - arn:")) neverInState += 1;
      // A provider that was killed with its CLI ends soon after it.
      await until(() => !short.busy());
      const report = await reap(await short.context(new Date(Date.now() + 3_600_000)), true);
      assert.deepEqual(report.swept.remaining, []);
      assert.deepEqual([...ledger.existing().keys()], []);
      const listed: unknown[] = JSON.parse((await short.run(["list", "--json"])).stdout);
      assert.deepEqual(listed, []);
    });
  }

  it("has made things that never reached the state, in some of the rounds", () => {
    assert.ok(rounds < 10 || neverInState > 0, "no round left anything for the sweep");
  });
});
