import assert from "node:assert/strict";
import { appendFileSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createImds } from "../../../runtime/imds";
import { describeInstance, type ImdsDouble, startImdsDouble } from "../../../runtime/imds-double";
import { createLogger } from "../../../runtime/logger";
import { startInferenceDouble } from "../doubles/inference-host";
import { histogramSince, quantile } from "./histogram";
import { readHost } from "./host";
import { HttpPoller } from "./http-get";
import { memoryPressure, readInference } from "./inference";
import { Instance, type InstanceOptions } from "./instance";
import { KernelLog } from "./kernel-log";
import { Replacement } from "./replace";

const log = createLogger("test", "silent");
const identity = { instanceId: "i-0123456789abcdef0", region: "us-east-1", autoScalingGroup: "gold" };

describe("histogram", () => {
  const infinity = Number.POSITIVE_INFINITY;

  it("interpolates inside the bucket", () => {
    const histogram = new Map([
      [0.1, 0],
      [0.25, 50],
      [0.5, 90],
      [1, 100],
      [infinity, 100],
    ]);
    assert.equal(quantile(histogram, 0.95), 0.75);
    assert.equal(quantile(histogram, 0.25), 0.175);
  });

  it("says the last finite bound for the open bucket, and nothing without observations", () => {
    assert.equal(
      quantile(
        new Map([
          [1, 0],
          [infinity, 10],
        ]),
        0.95,
      ),
      1,
    );
    assert.equal(
      quantile(
        new Map([
          [1, 0],
          [infinity, 0],
        ]),
        0.95,
      ),
      undefined,
    );
    assert.equal(quantile(new Map(), 0.95), undefined);
  });

  it("counts what is new, also after a restart", () => {
    const before = new Map([
      [1, 10],
      [infinity, 12],
    ]);
    assert.deepEqual(
      [
        ...histogramSince(
          before,
          new Map([
            [1, 15],
            [infinity, 18],
          ]),
        ).values(),
      ],
      [5, 6],
    );
    assert.deepEqual(
      [
        ...histogramSince(
          before,
          new Map([
            [1, 2],
            [infinity, 3],
          ]),
        ).values(),
      ],
      [2, 3],
    );
  });
});

describe("inference host's metrics", () => {
  it("reads what the host says", async () => {
    const host = await startInferenceDouble();
    const poller = new HttpPoller(host.url, 1000);
    const state = readInference(await poller.get());
    assert.deepEqual(
      [state.ready, state.draining, state.queueDepth, state.running, state.kvCacheUsed, state.preallocates],
      [true, false, 3, 8, 50, true],
    );
    assert.equal(state.duration.get(0.5), 90);
    poller.close();
    await host.close();
  });

  it("sums series over their labels", () => {
    const state = readInference(
      'inference_host_queue_depth{archetype="vampire"} 2\ninference_host_queue_depth{archetype="lich"} 5\n',
    );
    assert.equal(state.queueDepth, 7);
  });

  it("takes a host that says nothing for not ready", () => {
    const state = readInference("# nothing\n");
    assert.deepEqual([state.ready, state.queueDepth, state.kvCacheUsed], [false, undefined, undefined]);
  });

  it("never takes framebuffer for pressure where the engine preallocates", () => {
    assert.equal(memoryPressure({ kvCacheUsed: 12, preallocates: true }, 90), 12);
    assert.equal(memoryPressure({ kvCacheUsed: undefined, preallocates: true }, 90), undefined);
    assert.equal(memoryPressure({ kvCacheUsed: 12, preallocates: undefined }, 90), 12);
    assert.equal(memoryPressure({ kvCacheUsed: 12, preallocates: false }, 60), 60);
    assert.equal(memoryPressure(undefined, 60), 60);
  });
});

describe("host", () => {
  it("reads processor, memory and disk of this machine in percent, and network from the second look on", async () => {
    await readHost();
    const moment = await readHost();
    for (const value of [moment.cpu, moment.memory]) assert.ok(value !== undefined && value >= 0 && value <= 100);
    if (moment.disk !== undefined) assert.ok(moment.disk >= 0 && moment.disk <= 100);
    if (moment.network !== undefined) assert.ok(moment.network >= 0);
  });
});

describe("kernel log", () => {
  let folder: string;
  let path: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "kernel-log-"));
    path = join(folder, "kmsg");
  });
  afterEach(() => rmSync(folder, { recursive: true }));
  const xid = (code: number): string => `4,99,1234,-;NVRM: Xid (PCI:0000:00:1e): ${code}, pid=77, name=python\n`;

  it("tells XIDs from before from those that come", () => {
    writeFileSync(path, `6,1,1,-;Linux version\n${xid(48)}`);
    const kernelLog = KernelLog.open(path);
    assert.deepEqual(kernelLog?.read(), [{ event: { pci: "0000:00:1e", xid: 48 }, isNew: false }]);
    assert.deepEqual(kernelLog?.read(), []);
    appendFileSync(path, `6,2,2,-;eth0: link up\n${xid(79)}${xid(31)}`);
    assert.deepEqual(
      kernelLog?.read().map(({ event, isNew }) => [event.xid, isNew]),
      [
        [79, true],
        [31, true],
      ],
    );
    kernelLog?.close();
  });

  it("waits for the end of a line that is written in parts", () => {
    writeFileSync(path, "");
    const kernelLog = KernelLog.open(path);
    kernelLog?.read();
    appendFileSync(path, xid(79).slice(0, 30));
    assert.deepEqual(kernelLog?.read(), []);
    appendFileSync(path, xid(79).slice(30));
    assert.equal(kernelLog?.read()[0]?.event.xid, 79);
    kernelLog?.close();
  });

  it("is absent where it cannot be opened", () => {
    assert.equal(KernelLog.open(join(folder, "absent")), undefined);
  });
});

describe("instance", () => {
  let double: ImdsDouble;
  let instance: Instance;
  const states: (string | undefined)[] = [];
  let awaited: { state: string | undefined; resolve: () => void } | undefined;

  beforeEach(async () => {
    double = await startImdsDouble();
    states.length = 0;
  });
  afterEach(async () => {
    instance.stop();
    await double.close();
  });

  function begin(options: Partial<InstanceOptions> = {}): void {
    instance = new Instance({
      imds: createImds({ endpoint: double.url, timeoutMs: 100, attempts: 1 }),
      log,
      known: {},
      assumeInService: false,
      pollMs: 10,
      onLifecycle: (state) => {
        states.push(state);
        if (awaited !== undefined && state === awaited.state) awaited.resolve();
      },
      ...options,
    });
    instance.start();
  }
  const reach = (state: string | undefined): Promise<void> =>
    new Promise((resolve) => {
      awaited = { state, resolve };
      if (states.at(-1) === state && states.length > 0) resolve();
    });

  it("knows itself by instance metadata and follows its lifecycle state", async () => {
    describeInstance(double, { autoScalingGroup: "gold", lifecycleState: "Warmed:Running" });
    begin();
    await reach("Warmed:Running");
    assert.deepEqual(instance.identity, identity);
    double.values.set("meta-data/autoscaling/target-lifecycle-state", "InService");
    await reach("InService");
    double.values.set("meta-data/autoscaling/target-lifecycle-state", "Terminated");
    await reach("Terminated");
  });

  it("keeps asking while metadata is away", async () => {
    describeInstance(double, { autoScalingGroup: "gold", lifecycleState: "InService" });
    double.mode = "error";
    begin();
    while (double.requests.length < 2) await new Promise((resolve) => setTimeout(resolve, 5));
    assert.equal(instance.identity, undefined);
    double.mode = "serve";
    await reach("InService");
    assert.deepEqual(instance.identity, identity);
  });

  it("holds the last state through an outage of the metadata service", async () => {
    describeInstance(double, { autoScalingGroup: "gold", lifecycleState: "InService" });
    begin();
    await reach("InService");
    double.mode = "error";
    const asked = double.requests.length;
    while (double.requests.length < asked + 2) await new Promise((resolve) => setTimeout(resolve, 5));
    assert.deepEqual(new Set(states), new Set(["InService"]));
  });

  it("says nothing of its state while the group is unknown", async () => {
    describeInstance(double, { lifecycleState: "InService" });
    begin();
    while (double.requests.length < 4) await new Promise((resolve) => setTimeout(resolve, 5));
    assert.deepEqual(states, []);
  });

  it("asks nobody where it is told everything", () => {
    begin({ known: identity, assumeInService: true });
    assert.deepEqual([instance.identity, states], [identity, ["InService"]]);
  });
});

describe("replacement of a broken instance", () => {
  const fault = [{ code: "xid-79", detail: "GPU 0: XID 79" }];

  it("tells Auto Scaling once, and again until it is taken", async () => {
    let tries = 0;
    const told = new Promise<string>((resolve) => {
      const replacement = new Replacement({
        identity: () => identity,
        log,
        retryMs: 5,
        tell: async ({ instanceId }) => {
          tries += 1;
          if (tries === 1) throw new Error("throttled");
          resolve(instanceId);
        },
      });
      replacement.want([]);
      assert.equal(replacement.state, "no");
      replacement.want(fault);
      replacement.want(fault);
    });
    assert.equal(await told, identity.instanceId);
    assert.equal(tries, 2);
  });
});
