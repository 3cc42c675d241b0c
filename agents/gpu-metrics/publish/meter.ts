import { detailMetrics, observedMetrics, scalingMetrics } from "../../../contracts/metrics";
import { gpuUtilization, summarize, type UtilizationSource } from "../gpu/node";
import { framebufferUsedPercent, type GpuReading } from "../gpu/reading";
import { type Histogram, histogramSince, quantile } from "../node/histogram";
import type { HostMoment } from "../node/host";
import { type InferenceState, memoryPressure } from "../node/inference";
import type { Clock } from "./clock";
import { StepDetector } from "./clock";
import { type GateState, type GateVerdict, judge } from "./gate";
import { type Datum, Window, windowStart } from "./window";

export interface MeterOptions {
  readonly clock: Clock;
  /** Seconds of a window. */
  readonly period: number;
  readonly perGpu: boolean;
  readonly utilization: UtilizationSource;
  /** False where there is no inference host on the node. */
  readonly hasInference: boolean;
  /** Errors of the GPUs since the last call. */
  readonly takeErrors: () => number;
  /** Takes what is to be published. */
  readonly publish: (data: readonly Datum[]) => void;
  /** Moves what waits to be delivered with a clock that was set. */
  readonly onClockStep: (ms: number) => void;
  /** Called when the gate opens or closes. */
  readonly onGate: (verdict: GateVerdict) => void;
}

/** Milliseconds after opening in which the first datapoint is sent at the latest, whatever the window. */
const firstDatapointMs = 4000;
/** Milliseconds after opening before which a first datapoint would rest on a single sample. */
const firstSampleMs = 1500;

/**
 * Turns samples into windows while the gate is open. What was measured while it was open is published even when it closes in the
 * middle of a window; nothing measured while it was closed ever is.
 */
export class Meter {
  private state: GateState = { lifecycle: undefined, ready: false, draining: false, stopping: false };
  private window: Window | undefined;
  private start = 0;
  private openedAt: number | undefined;
  private framebuffer: number | undefined;
  private latest: Histogram | undefined;
  private counted: Histogram | undefined;
  private readonly steps: StepDetector;
  /** Times the wall clock was moved. */
  clockSteps = 0;

  constructor(private readonly options: MeterOptions) {
    this.steps = new StepDetector(options.clock);
  }

  verdict(): GateVerdict {
    return judge(this.state);
  }

  /** Applies what is newly known, and opens or closes the gate. */
  update(change: Partial<GateState>): void {
    const before = this.verdict();
    this.state = { ...this.state, ...change };
    const after = this.verdict();
    if (after.open && !before.open) this.open();
    if (!after.open && before.open) this.close();
    const reasons = [before, after].map((verdict) => (verdict.open ? "" : verdict.reason));
    if (reasons[0] !== reasons[1]) this.options.onGate(after);
  }

  /** To be called about once a second: ends windows that are over and sends the first datapoint early. */
  tick(): void {
    this.roll();
    const { clock, period, publish, takeErrors } = this.options;
    if (this.window === undefined) {
      const verdict = this.verdict();
      const errors = !verdict.open && verdict.errorsMayPass ? takeErrors() : 0;
      if (errors === 0) return;
      const alone = new Window(windowStart(clock.wall(), period), period);
      alone.count(observedMetrics.gpuErrors, errors);
      publish(alone.finish());
      return;
    }
    if (this.openedAt === undefined) return;
    const open = clock.mono() - this.openedAt;
    if (open < firstSampleMs || (this.framebuffer === undefined && open < firstDatapointMs)) return;
    this.openedAt = undefined;
    this.complete();
    publish(this.window.finishEarly((clock.wall() - this.start) / 1000));
  }

  addGpus(readings: readonly GpuReading[], stale: ReadonlySet<number>): void {
    this.roll();
    const moment = summarize(readings, this.options.utilization, stale);
    this.framebuffer = moment.framebufferUsed;
    const { window } = this;
    if (window === undefined) return;
    window.add(scalingMetrics.gpuUtilization, moment.utilization);
    window.add(observedMetrics.framebufferUsed, moment.framebufferUsed);
    window.add(observedMetrics.temperature, moment.temperature);
    window.add(observedMetrics.power, moment.power);
    window.add(observedMetrics.smClock, moment.smClock);
    if (!this.options.hasInference)
      window.add(scalingMetrics.memoryPressure, memoryPressure(undefined, this.framebuffer));
    if (this.options.perGpu) for (const reading of readings) this.addDetail(window, reading, stale);
  }

  addInference(state: InferenceState): void {
    this.roll();
    this.latest = state.duration;
    this.update({ ready: state.ready, draining: state.draining });
    const { window } = this;
    if (window === undefined) return;
    this.counted ??= state.duration;
    window.add(scalingMetrics.queueDepth, state.queueDepth);
    window.add(scalingMetrics.memoryPressure, memoryPressure(state, this.framebuffer));
    window.add(observedMetrics.runningRequests, state.running);
  }

  addHost(host: HostMoment): void {
    this.roll();
    this.window?.add(observedMetrics.hostCpu, host.cpu);
    this.window?.add(observedMetrics.hostMemory, host.memory);
    this.window?.add(observedMetrics.hostDisk, host.disk);
    this.window?.add(observedMetrics.hostNetwork, host.network);
  }

  /** GPUs are not read at the moment; what was read last is no longer true. */
  gpusUnknown(): void {
    this.framebuffer = undefined;
  }

  private addDetail(window: Window, reading: GpuReading, stale: ReadonlySet<number>): void {
    if (reading.kind !== "gpu") return;
    const { index, values } = reading;
    const percent = (value: number | undefined): number | undefined => (value === undefined ? undefined : value * 100);
    window.add(detailMetrics.utilization, gpuUtilization(reading, this.options.utilization, stale), index);
    window.add(detailMetrics.framebufferUsed, framebufferUsedPercent(values), index);
    window.add(detailMetrics.temperature, values.temperatureC, index);
    window.add(detailMetrics.power, values.powerW, index);
    window.add(detailMetrics.smClock, values.smClockMhz, index);
    window.add(detailMetrics.smActive, percent(values.smActive), index);
    window.add(detailMetrics.tensorActive, percent(values.tensorActive), index);
    window.add(detailMetrics.memoryActive, percent(values.dramActive), index);
  }

  private open(): void {
    const { clock, period } = this.options;
    this.steps.look();
    this.start = windowStart(clock.wall(), period);
    this.window = new Window(this.start, period);
    this.openedAt = clock.mono();
    this.counted = this.latest;
  }

  private close(): void {
    const { window } = this;
    if (window === undefined) return;
    this.complete();
    this.window = undefined;
    this.openedAt = undefined;
    this.options.publish(window.finish());
  }

  /** Ends the window when its time is over or the clock was set, and begins the next. */
  private roll(): void {
    const { clock, period, publish, onClockStep } = this.options;
    const step = this.steps.look();
    if (step !== 0) {
      this.clockSteps += 1;
      onClockStep(step);
      this.window?.shift(step);
    }
    const { window } = this;
    const start = windowStart(clock.wall(), period);
    if (window === undefined || (step === 0 && start === this.start)) return;
    this.complete();
    this.openedAt = undefined;
    this.start = start;
    this.window = new Window(start, period);
    publish(window.finish());
  }

  /** Adds what is known only when a window is cut. */
  private complete(): void {
    const { window, latest } = this;
    if (window === undefined) return;
    window.mark(observedMetrics.heartbeat);
    window.count(observedMetrics.gpuErrors, this.options.takeErrors());
    if (latest === undefined) return;
    const seconds = quantile(histogramSince(this.counted, latest), 0.95);
    if (seconds !== undefined) window.add(observedMetrics.requestLatencyP95, seconds * 1000);
    this.counted = latest;
  }
}
