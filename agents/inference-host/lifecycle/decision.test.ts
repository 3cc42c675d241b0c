import assert from "node:assert/strict";
import { decide, type NodeSignals } from "./decision";

const times = { drainMs: 90_000, interruptionMarginMs: 10_000 };
const signals = (more: Partial<NodeSignals> = {}): NodeSignals => ({
  modelReady: true,
  target: "InService",
  interruptionAt: undefined,
  rebalanceRecommended: false,
  stopAskedAt: undefined,
  hasServed: true,
  idle: false,
  ...more,
});

describe("node decisions", () => {
  it("take work when the model has answered, in a group and outside one", () => {
    assert.equal(decide(signals(), times, 0).accepting, true);
    assert.equal(decide(signals({ target: undefined }), times, 0).accepting, true);
    assert.match(decide(signals({ modelReady: false }), times, 0).notReady ?? "", /has not answered/);
  });

  it("complete the launch hook when the model has answered, in service and in the warm pool, and not before", () => {
    for (const target of ["InService", "Warmed:Stopped", "Warmed:Running", "Warmed:Hibernated"] as const) {
      const fresh = { target, hasServed: false };
      assert.equal(decide(signals(fresh), times, 0).completeHook, "launch", target);
      assert.equal(decide(signals({ ...fresh, modelReady: false }), times, 0).completeHook, undefined);
      assert.equal(decide(signals(fresh), times, 0).accepting, target === "InService");
    }
  });

  it("drain for a spot interruption and cut before the machine goes, whatever else is asked", () => {
    const decision = decide(signals({ interruptionAt: 120_000, stopAskedAt: 60_000 }), times, 60_000);
    assert.equal(decision.accepting, false);
    assert.deepEqual(decision.drain, { reason: "spot interruption", cutAt: 110_000 });
  });

  it("ask the group for a replacement at a spot interruption, while the group does not know", () => {
    assert.equal(decide(signals({ interruptionAt: 120_000 }), times, 0).leaveGroup, true);
    assert.equal(decide(signals({ interruptionAt: 120_000, target: "Terminated" }), times, 0).leaveGroup, false);
    assert.equal(decide(signals({ rebalanceRecommended: true }), times, 0).leaveGroup, false);
  });

  it("only wish the work elsewhere after a rebalance recommendation", () => {
    const decision = decide(signals({ rebalanceRecommended: true }), times, 0);
    assert.equal(decision.accepting, true);
    assert.equal(decision.deprioritised, true);
    assert.equal(decision.drain, undefined);
  });

  it("complete the terminating hook only when nothing is in flight, also on the way back to the warm pool", () => {
    for (const target of ["Terminated", "Warmed:Terminated", "Warmed:Stopped"] as const) {
      const busy = decide(signals({ target }), times, 0);
      assert.equal(busy.completeHook, undefined);
      assert.equal(busy.accepting, false);
      assert.deepEqual(busy.drain?.cutAt, 90_000);
      assert.equal(decide(signals({ target, idle: true }), times, 0).completeHook, "terminate", target);
    }
  });

  it("stand by without draining", () => {
    const decision = decide(signals({ target: "Standby" }), times, 0);
    assert.equal(decision.accepting, false);
    assert.equal(decision.drain, undefined);
  });
});
