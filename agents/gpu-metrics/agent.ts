import type { Imds } from "../../runtime/imds";
import type { Logger } from "../../runtime/logger";
import { HealthTracker } from "./gpu/health";
import { ProfilerGuard } from "./gpu/profiler-guard";
import type { GpuBatch, GpuReading } from "./gpu/reading";
import { ThrottleWatch, throttleReasonNames } from "./gpu/throttle";
import { readHost } from "./node/host";
import { HttpPoller } from "./node/http-get";
import { readInference } from "./node/inference";
import { Instance } from "./node/instance";
import { KernelLog } from "./node/kernel-log";
import { Replacement } from "./node/replace";
import type { Settings } from "./options";
import { Buffer, type DropReason } from "./publish/buffer";
import type { Clock } from "./publish/clock";
import { Meter } from "./publish/meter";
import { Publisher } from "./publish/publisher";
import type { Sink } from "./publish/sink";
import type { Datum } from "./publish/window";
import { createSources, type SourceSet } from "./sources/create";
import { SourceManager } from "./sources/manager";
import { TokenLoad } from "./sources/simulated";
import type { SourceName } from "./sources/source";

export interface AgentParts {
  readonly settings: Settings;
  readonly log: Logger;
  readonly clock: Clock;
  readonly imds: Imds;
  /** Called while the agent is made: what it asks of the agent is there later. Undefined where nothing is published. */
  readonly makeSink: ((agent: Agent) => Sink) | undefined;
}

/** Failed looks at the inference host in a row after which its model counts as not answering. */
const inferenceFailures = 3;
/** Data that is kept per minute and metric, with room for early cuts. */
const spareFactor = 1.5;

/** The running agent: sources, meaning, windows and publisher, wired together. */
export class Agent {
  readonly meter: Meter;
  readonly publisher: Publisher | undefined;
  readonly buffer: Buffer;
  readonly health: HealthTracker;
  readonly manager: SourceManager;
  readonly instance: Instance;
  readonly replacement: Replacement;
  readonly sources: SourceSet;
  readonly dropped = new Map<DropReason, number>();
  /** The last moment of the GPUs, for those who ask. */
  batch: GpuBatch | undefined;
  /** Monotonic milliseconds of the last turn of the loop. */
  lastTick = 0;
  delivered = 0;
  private readonly guard = new ProfilerGuard();
  private readonly throttle = new ThrottleWatch();
  private readonly slowed = new Set<number>();
  private readonly inference: HttpPoller | undefined;
  private readonly tokenLoad: TokenLoad | undefined;
  private kernelLog: KernelLog | undefined;
  private inferenceMisses = 0;
  private looking = false;
  private timers: NodeJS.Timeout[] = [];

  constructor(private readonly parts: AgentParts) {
    const { settings, log, clock, imds } = parts;
    const keepMs = settings.bufferMinutes * 60_000 + graceMs(settings.period);
    this.buffer = new Buffer({
      keepMs,
      capacity: bufferCapacity(settings, keepMs),
      onDrop: ({ reason, count, from, to }) => {
        this.dropped.set(reason, (this.dropped.get(reason) ?? 0) + count);
        const period = { from: new Date(from).toISOString(), to: new Date(to).toISOString() };
        log.warn({ reason, count, ...period }, "data was dropped");
      },
    });
    const sink = parts.makeSink?.(this);
    this.publisher =
      sink && new Publisher({ sink, buffer: this.buffer, clock, log, onDelivered: (data) => this.count(data) });
    this.health = new HealthTracker({
      lostMs: Math.max(10_000, settings.sampleMs * 5),
      countsKernelXids: () => this.kernelLog !== undefined,
    });
    this.meter = new Meter({
      clock,
      period: settings.period,
      perGpu: settings.perGpu,
      utilization: settings.utilization,
      hasInference: settings.inferenceUrl !== undefined,
      takeErrors: () => this.health.takeErrors(),
      publish: (data) => this.publisher?.publish(data),
      onClockStep: (ms) => {
        this.buffer.shift(ms);
        log.warn({ seconds: ms / 1000 }, "the clock was set; time stamps are moved with it");
      },
      onGate: (verdict) => {
        log.info(verdict, verdict.open ? "publishing" : "silent");
        if (verdict.open) void this.lookAtHost();
      },
    });
    const { simulatedTokensPerSecond } = settings;
    this.tokenLoad =
      simulatedTokensPerSecond === undefined ? undefined : new TokenLoad(simulatedTokensPerSecond, () => clock.mono());
    this.sources = createSources(settings, log, () => clock.mono(), this.tokenLoad && (() => this.tokenLoad!.share()));
    this.manager = new SourceManager({
      candidates: this.sources.candidates,
      log,
      now: () => clock.mono(),
      onBatch: (batch, source) => this.takeBatch(batch, source),
      onGpuLost: (text) => this.health.gpuLost(text),
    });
    const { instanceId, region, autoScalingGroup } = settings;
    this.instance = new Instance({
      imds,
      log,
      known: { instanceId, region, autoScalingGroup },
      assumeInService: settings.assumeInService,
      onLifecycle: (lifecycle) => this.meter.update({ lifecycle }),
    });
    this.replacement = new Replacement({ identity: () => this.instance.identity, log });
    if (settings.inferenceUrl !== undefined) this.inference = new HttpPoller(settings.inferenceUrl, 1000);
    else this.meter.update({ ready: true });
  }

  start(): void {
    const { settings, log } = this.parts;
    if (settings.kernelLog !== undefined) {
      this.kernelLog = KernelLog.open(settings.kernelLog);
      if (this.kernelLog === undefined) {
        log.warn({ path: settings.kernelLog }, "the kernel log cannot be read; XIDs come from the source alone");
      }
    }
    this.manager.start();
    this.instance.start();
    // Several looks in a window: one look a window would now and then fall into the next.
    const hostMs = settings.period < 60 ? settings.period * 300 : 20_000;
    this.timers = [setInterval(() => void this.tick(), 1000), setInterval(() => void this.lookAtHost(), hostMs)];
    void this.tick();
    void this.lookAtHost();
  }

  /** Publishes the window under way and what waits, then ends everything. @param deadlineMs Milliseconds until it must be over. */
  async stop(deadlineMs: number): Promise<void> {
    for (const timer of this.timers) clearInterval(timer);
    this.meter.update({ stopping: true });
    this.instance.stop();
    this.replacement.stop();
    await Promise.all([this.manager.stop(), this.publisher?.finish(deadlineMs)]);
    this.inference?.close();
    this.kernelLog?.close();
  }

  /** Milliseconds since the GPUs were last read; undefined before the first time. */
  sampleAge(): number | undefined {
    return this.batch === undefined ? undefined : this.parts.clock.mono() - this.batch.at;
  }

  /** Milliseconds after which a sample is stale. */
  staleAfter(): number {
    return Math.max(5000, this.parts.settings.sampleMs * 3);
  }

  /** GPUs that their hardware has held back for a minute. */
  slowedGpus(): readonly number[] {
    return [...this.slowed];
  }

  private lastSource: SourceName | undefined;

  private takeBatch(batch: GpuBatch, source: SourceName): void {
    if (source !== this.lastSource) this.health.sourceStarted(source, batch.at);
    this.lastSource = source;
    this.batch = batch;
    this.health.observe(batch.readings, batch.at, source);
    const { stale, restart } = this.guard.observe(batch.readings, batch.at);
    this.watchThrottle(batch.readings, batch.at);
    this.meter.addGpus(batch.readings, stale);
    if (restart) this.manager.restart("GPUs are busy while their profiling counters stand at zero");
    this.reactToFaults();
  }

  private async tick(): Promise<void> {
    this.lastTick = this.parts.clock.mono();
    this.readKernelLog();
    const age = this.sampleAge();
    if (age !== undefined && age > this.staleAfter()) this.meter.gpusUnknown();
    this.meter.tick();
    if (this.inference === undefined || this.looking) return;
    this.looking = true;
    const text = await this.inference.get().catch(() => undefined);
    this.looking = false;
    this.inferenceMisses = text === undefined ? this.inferenceMisses + 1 : 0;
    if (text !== undefined) {
      const state = readInference(text);
      this.tokenLoad?.observe(state.completionTokens);
      this.meter.addInference(state);
    } else if (this.inferenceMisses >= inferenceFailures) this.meter.update({ ready: false });
  }

  private readKernelLog(): void {
    const events = this.kernelLog?.read() ?? [];
    for (const { event, isNew } of events) {
      if (isNew) this.parts.log.warn(event, "the driver reports an XID");
      this.health.kernelXid(event, isNew);
    }
    if (events.length > 0) this.reactToFaults();
  }

  private reactToFaults(): void {
    if (this.parts.settings.markUnhealthy) this.replacement.want(this.health.faults());
  }

  private watchThrottle(readings: readonly GpuReading[], at: number): void {
    for (const { kind, index, values } of readings) {
      if (kind !== "gpu") continue;
      const sustained = this.throttle.observe(index, values.throttleReasons, at);
      if (sustained && !this.slowed.has(index)) {
        const reasons = throttleReasonNames(values.throttleReasons ?? 0);
        this.parts.log.warn({ gpu: index, reasons }, "the hardware has slowed the GPU down for a minute");
        this.slowed.add(index);
      } else if (!sustained) this.slowed.delete(index);
    }
  }

  private async lookAtHost(): Promise<void> {
    try {
      this.meter.addHost(await readHost());
    } catch (error) {
      this.parts.log.debug({ reason: (error as Error).message }, "the host could not be read");
    }
  }

  private count(data: readonly Datum[]): void {
    this.delivered += data.length;
  }
}

/** A datum of the first minute of an outage must outlive the last wait and the windows around it. */
function graceMs(period: number): number {
  return 60_000 + 2 * period * 1000;
}

function bufferCapacity(settings: Settings, keepMs: number): number {
  const perWindow = 24 + (settings.perGpu ? 8 * 16 : 0);
  return Math.ceil((keepMs / (settings.period * 1000)) * perWindow * spareFactor);
}
