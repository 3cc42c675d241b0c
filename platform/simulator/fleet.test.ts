import assert from "node:assert/strict";
import { type Assumptions, defaultAssumptions, spotMarkets } from "./assumptions";
import { BootModel } from "./boot";
import type { Decision } from "./decision-log";
import { goldGroup } from "./fixtures";
import { Fleet } from "./fleet";
import type { GroupPlan } from "./plan";
import { QuotaLedger } from "./quota";
import { Random } from "./random";

interface Setup {
  readonly plan?: Partial<GroupPlan>;
  readonly assumptions?: Partial<Assumptions>;
  readonly quota?: QuotaLedger;
}

function makeFleet({ plan, assumptions, quota }: Setup = {}) {
  const decisions: Decision[] = [];
  const all = { ...defaultAssumptions, ...assumptions };
  const fleet = new Fleet({
    plan: goldGroup(plan),
    kinds: [{ vcpus: 4, boot: new BootModel("g5.xlarge", "Qwen2.5-3B-Instruct-AWQ", all.bootScale), spotUsd: 0.43 }],
    assumptions: all,
    quota: quota ?? new QuotaLedger(all.quotaVcpus),
    random: new Random(1),
    log: (decision) => decisions.push(decision),
  });
  return { fleet, decisions };
}

/** Lets time pass in steps of 10 s. */
function pass(fleet: Fleet, from: number, to: number, each: (now: number) => void = () => {}): void {
  for (let now = from; now <= to; now += 10) {
    fleet.advance(now);
    each(now);
  }
}

describe("fleet of one group", () => {
  it("takes as long as a boot until a launched node serves, and warms up after that", () => {
    const { fleet } = makeFleet();
    fleet.setDesired(3, 0);
    let readyAt = 0;
    pass(fleet, 0, 600, (now) => {
      if (readyAt === 0 && fleet.counts.ready === 3) readyAt = now;
    });
    assert.ok(readyAt > 100 && readyAt < 330, `${readyAt}`);
    assert.equal(fleet.warmed(600, 60), 3);
    assert.equal(fleet.warmed(readyAt, 600), 0);
  });

  it("drains before it terminates, and keeps paying meanwhile", () => {
    const { fleet } = makeFleet();
    fleet.startWarm(4);
    fleet.setDesired(2, 10);
    assert.equal(fleet.counts.ready, 2);
    assert.equal(fleet.counts.billedOnDemand, 4);
    pass(fleet, 20, 120);
    assert.equal(fleet.counts.billedOnDemand, 2);
  });

  it("keeps the purchase split while it grows and shrinks", () => {
    const { fleet } = makeFleet({ plan: { onDemandBase: 2, onDemandPercentAboveBase: 25 } });
    fleet.setDesired(10, 0);
    assert.equal(fleet.counts.activeOnDemand, 4); // 2 + ceil(8 x 0.25)
    pass(fleet, 10, 600);
    fleet.setDesired(4, 610);
    assert.equal(fleet.counts.activeOnDemand, 3); // 2 + ceil(2 x 0.25)
  });

  it("gives up a node whose boot outlasts the launch hook, and tries again", () => {
    const { fleet, decisions } = makeFleet({
      plan: { launchHook: { heartbeatSeconds: 60, onTimeout: "ABANDON" }, desired: 1 },
    });
    fleet.setDesired(1, 0);
    pass(fleet, 0, 1000);
    assert.equal(fleet.counts.ready, 0);
    assert.ok(decisions.filter(({ kind }) => kind === "abandoned").length > 5);
  });

  it("replaces node after node when the load balancer checks health sooner than the model answers and no hook waits", () => {
    const { fleet, decisions } = makeFleet({ plan: { launchHook: undefined, healthGraceSeconds: 30 } });
    fleet.setDesired(1, 0);
    pass(fleet, 0, 1000);
    assert.equal(fleet.counts.ready, 0);
    assert.ok(decisions.some(({ kind }) => kind === "unhealthy"));
  });

  it("wakes stopped nodes of a warm pool sooner than it boots new ones, and pays only their disks meanwhile", () => {
    const seconds = (plan: Partial<GroupPlan>) => {
      const { fleet } = makeFleet({ plan: { max: 10, ...plan } });
      fleet.startWarm(1);
      pass(fleet, 0, 1000);
      const stopped = fleet.counts.stopped;
      fleet.setDesired(5, 1000);
      let readyAt = 0;
      pass(fleet, 1010, 2000, (now) => {
        if (readyAt === 0 && fleet.counts.ready === 5) readyAt = now - 1000;
      });
      return { stopped, readyAt };
    };
    const cold = seconds({});
    const warm = seconds({ warmPool: { state: "Stopped", minSize: 0, maxPrepared: 6, reuseOnScaleIn: false } });
    const running = seconds({ warmPool: { state: "Running", minSize: 4, maxPrepared: 5, reuseOnScaleIn: false } });
    assert.equal(cold.stopped, 0);
    assert.equal(warm.stopped, 5);
    assert.ok(
      warm.readyAt < cold.readyAt && running.readyAt <= 60,
      `${running.readyAt} ${warm.readyAt} ${cold.readyAt}`,
    );
  });

  it("does not fill missing spot with on demand", () => {
    const dry = { ...spotMarkets.scarce, availableHours: 1e-6, unavailableHours: 1e6, interruptionsPerHour: 0 };
    const { fleet, decisions } = makeFleet({
      plan: { onDemandBase: 1, onDemandPercentAboveBase: 0 },
      assumptions: { spotMarket: dry },
    });
    fleet.advance(10);
    fleet.setDesired(5, 20);
    pass(fleet, 30, 900);
    assert.equal(fleet.counts.active, 1);
    assert.ok(fleet.failedLaunches > 5);
    assert.equal(decisions.filter(({ kind }) => kind === "launch-failed").length, 1);
  });

  it("replaces spot nodes at risk before they are taken when the group rebalances, after they are gone when not", () => {
    const market = { ...spotMarkets.calm, interruptionsPerHour: 1, recommendedShare: 1 };
    const shortSteps = (capacityRebalance: boolean) => {
      const { fleet } = makeFleet({
        plan: { onDemandPercentAboveBase: 0, capacityRebalance },
        assumptions: { spotMarket: market },
      });
      fleet.startWarm(10);
      let short = 0;
      pass(fleet, 0, 6 * 3600, () => {
        if (fleet.counts.ready < 10) short++;
      });
      return short;
    };
    assert.ok(shortSteps(true) < shortSteps(false) / 2);
  });

  it("stops at the quota that all groups share", () => {
    const quota = new QuotaLedger({ onDemand: 20, spot: 0 });
    const [a, b] = [makeFleet({ quota }).fleet, makeFleet({ quota }).fleet];
    a.setDesired(3, 0);
    b.setDesired(4, 0);
    assert.equal(a.counts.active + b.counts.active, 5);
    assert.equal(quota.used("onDemand"), 20);
    a.setDesired(1, 10);
    pass(b, 10, 200);
    assert.equal(b.counts.active, 4);
  });

  it("replaces every node in a refresh without falling below the healthy share", () => {
    for (const refreshMinHealthyPercent of [90, 100]) {
      const { fleet } = makeFleet({ plan: { refreshMinHealthyPercent } });
      fleet.startWarm(10);
      fleet.startRefresh(10);
      const billedBefore = fleet.ledger.onDemandSeconds;
      let least = 10;
      pass(fleet, 20, 3 * 3600, () => {
        least = Math.min(least, fleet.counts.ready);
      });
      assert.ok(least >= 10 * (refreshMinHealthyPercent / 100), `${least} at ${refreshMinHealthyPercent}`);
      assert.equal(fleet.counts.ready, 10);
      assert.ok(fleet.ledger.onDemandSeconds > billedBefore);
      assert.equal(fleet.warmed(3 * 3600, 3 * 3600 + 3000), 0); // nobody of the first ten is left
    }
  });
});
