import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createLogger } from "../../../runtime/logger";
import { type Engine, EngineError } from "../engines/engine";
import { type PeftFixture, writePeftAdapters } from "../testing/peft-fixture";
import { AdapterManager } from "./manager";
import { type AdapterStore, openStore } from "./store";

const vampire = "vampire/personality";
const lich = "lich/personality";
const ghoul = "ghoul/personality";

describe("adapter manager", () => {
  let folder: string;
  /** What the engine double was told to do, in order. */
  let course: string[];
  let refuse: Error | undefined;
  let fetches: string[];
  let changed: () => void;

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "adapter-manager-"));
    course = [];
    fetches = [];
    refuse = undefined;
    changed = () => undefined;
  });

  afterEach(() => rm(folder, { recursive: true, force: true }));

  const publish = (...adapters: PeftFixture[]) => writePeftAdapters(folder, "base-model", adapters);

  /** The part of an engine that the manager speaks to, as a double that notes what it is told. */
  const engineDouble = (heldAdapters: number) =>
    ({
      baseModel: "base-model",
      adapterFormat: "safetensors",
      capacity: () => ({
        slots: 8,
        slotsPerModel: 8,
        contextTokens: 1_000,
        gpuAdapters: 2,
        heldAdapters,
        spareUnloads: 1,
        loadsNeedQuiet: true,
      }),
      loadAdapter: async ({ engineName }: { engineName: string }) => {
        course.push(`load ${engineName}`);
        if (refuse) throw refuse;
      },
      unloadAdapter: async (engineName: string) => void course.push(`unload ${engineName}`),
    }) as unknown as Engine;

  const open = async (heldAdapters = 3, now: () => number = () => performance.now()) => {
    const inner = await openStore(folder, folder);
    const store: AdapterStore = {
      manifest: () => inner.manifest(),
      fetch: (entry) => {
        fetches.push(entry.name);
        return inner.fetch(entry);
      },
    };
    const manager = new AdapterManager({
      engine: engineDouble(heldAdapters),
      store,
      maxRank: 32,
      quiet: (work) => work(),
      changed: () => changed(),
      logger: createLogger("adapter-manager-test", "silent"),
      now,
    });
    await manager.readManifest();
    return manager;
  };
  const started = async (heldAdapters?: number, now?: () => number) => {
    const manager = await open(heldAdapters, now);
    await manager.engineStarted();
    return manager;
  };

  it("loads pinned adapters first and no more than the engine holds; nothing ahead of need once told so", async () => {
    await publish({ name: vampire }, { name: lich }, { name: ghoul, pinned: true });
    const manager = await started(2);
    assert.deepEqual(course, [`load ${ghoul}@1`, `load ${vampire}@1`]);
    manager.setPreloading(false);
    await manager.engineStarted();
    assert.equal(course.length, 2);
    assert.equal(manager.table.all().length, 0);
  });

  it("takes a retiring adapter back while its last request still runs, instead of asking the engine again and again", async () => {
    await publish({ name: vampire });
    const manager = await started();
    const engineName = manager.acquire(vampire)!;
    const unloading = manager.unload(vampire);
    assert.equal(manager.unavailable(vampire), "unloaded by the operator");
    await unloading;
    assert.equal(manager.table.get(engineName)!.retiring, true, "it serves its request to the end");
    // A request that waits looks again whenever something changed, as the scheduler does.
    let looks = 0;
    changed = () => {
      assert.ok(++looks < 100, "the manager goes round in circles");
      manager.access(vampire);
    };
    await manager.load(vampire);
    assert.equal(manager.access(vampire), "now");
    manager.release(engineName, 5);
    await manager.unload(lich);
    assert.deepEqual(course, [`load ${vampire}@1`], "neither loaded twice nor unloaded");
  });

  it("leaves out of use what an operator unloaded while its load waited for its turn", async () => {
    await publish({ name: vampire }, { name: lich });
    const manager = await started(1);
    assert.equal(manager.access(lich), "wait");
    await manager.unload(lich);
    assert.deepEqual(course, [`load ${vampire}@1`]);
    assert.equal(manager.unavailable(lich), "unloaded by the operator");
  });

  it("unloads a version when its last request ends, and counts the room that stays taken", async () => {
    await publish({ name: vampire });
    const manager = await started();
    const old = manager.acquire(vampire)!;
    await publish({ name: vampire, version: "2" });
    assert.deepEqual(await manager.refresh(), { changed: [vampire] });
    assert.equal(manager.acquire(vampire), `${vampire}@2`);
    assert.equal(manager.leaked, 0);
    manager.release(old, 1);
    await manager.unload(lich);
    assert.deepEqual(course, [`load ${vampire}@1`, `load ${vampire}@2`, `unload ${vampire}@1`]);
    assert.deepEqual([manager.leaked, manager.engineFull], [1, false]);
    manager.release(`${vampire}@2`, 1);
    await publish({ name: vampire, version: "3" });
    await manager.refresh();
    assert.deepEqual([manager.leaked, manager.engineFull], [2, true]);
    await manager.engineStarted();
    assert.deepEqual([manager.leaked, manager.engineFull], [0, false]);
  });

  it("goes on with the version before a broken one, and does not read the broken one again with every request", async () => {
    await publish({ name: vampire });
    const manager = await started();
    await publish({ name: vampire, version: "2", rank: 64 });
    await manager.refresh();
    assert.match(manager.failure(vampire) ?? "", /rank 64 is above the engine's 32/);
    assert.equal(manager.unavailable(vampire), undefined);
    const before = fetches.length;
    for (let request = 0; request < 5; request++) {
      assert.notEqual(manager.access(vampire), "wait");
      const engineName = manager.acquire(vampire)!;
      assert.equal(engineName, `${vampire}@1`);
      manager.release(engineName, 1);
    }
    await manager.unload(lich);
    assert.equal(fetches.length, before);
    assert.equal(manager.report()[0]!.state, "failed");
  });

  it("tries again after the engine's refusal when its time is up, and at once when the engine was merely gone", async () => {
    let now = 0;
    await publish({ name: vampire });
    refuse = new EngineError("CUDA error", 500, "server_error");
    const manager = await started(3, () => now);
    assert.equal(manager.unavailable(vampire), "CUDA error");
    now = 30_000;
    assert.equal(manager.unavailable(vampire), undefined);
    refuse = new EngineError("the engine is gone", 503, "service_unavailable", true);
    await manager.load(vampire);
    assert.equal(manager.failure(vampire), undefined);
    refuse = undefined;
    await manager.load(vampire);
    assert.equal(manager.access(vampire), "now");
  });
});
