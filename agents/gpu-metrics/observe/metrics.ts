import { Counter, Gauge, Registry } from "prom-client";
import type { Agent } from "../agent";
import { framebufferUsedPercent, type GpuValues } from "../gpu/reading";

/** What of a GPU is shown on /metrics, by the end of the series' name. */
const gpuSeries: readonly (readonly [string, string, (values: GpuValues) => number | undefined])[] = [
  ["utilization_percent", "Time in which a kernel ran (field 203)", (values) => values.utilization],
  ["framebuffer_used_percent", "Framebuffer used of what is usable", framebufferUsedPercent],
  ["temperature_celsius", "Temperature", (values) => values.temperatureC],
  ["power_watts", "Power drawn", (values) => values.powerW],
  ["sm_clock_mhz", "Clock of the multiprocessors", (values) => values.smClockMhz],
  ["memory_clock_mhz", "Clock of the memory", (values) => values.memoryClockMhz],
  ["graphics_active_ratio", "Activity of the graphics engine (profiling)", (values) => values.graphicsActive],
  ["sm_active_ratio", "Activity of the multiprocessors (profiling)", (values) => values.smActive],
  ["tensor_active_ratio", "Activity of the tensor pipe (profiling)", (values) => values.tensorActive],
  ["memory_active_ratio", "Activity of the memory interface (profiling)", (values) => values.dramActive],
  ["throttle_reasons", "Bits of the clock event reasons", (values) => values.throttleReasons],
  ["last_xid", "Last XID of the driver", (values) => values.xid],
  ["ecc_corrected", "Corrected ECC errors since the driver was loaded", (values) => values.eccCorrected],
  ["ecc_uncorrected", "Uncorrectable ECC errors since the driver was loaded", (values) => values.eccUncorrected],
  ["remap_pending", "1 while a row remap waits for a reset", (values) => values.remapPending],
  ["remap_failed", "1 when a row could not be remapped", (values) => values.remapFailed],
];

/** Series about the agent and the GPUs of this node, filled when they are asked for. */
export class SelfMetrics {
  private readonly registry = new Registry();

  constructor(agent: Agent) {
    this.addGauge("source", "1 for the source in use", ["source"], (gauge) => {
      const source = agent.manager.current();
      if (source !== undefined) gauge.set({ source }, 1);
    });
    this.addGauge("sample_age_seconds", "Seconds since the GPUs were read", [], (gauge) => {
      const age = agent.sampleAge();
      if (age !== undefined) gauge.set(age / 1000);
    });
    this.addGauge("publishing", "1 while the node speaks for its group", [], (gauge) =>
      gauge.set(agent.meter.verdict().open ? 1 : 0),
    );
    this.addGauge("buffered_data", "Data that CloudWatch has not confirmed", [], (gauge) =>
      gauge.set(agent.buffer.size),
    );
    this.addGauge("publish_failures", "Failed requests in a row", [], (gauge) =>
      gauge.set(agent.publisher?.failures ?? 0),
    );
    this.addGauge("fault", "1 for each fault that asks for another instance", ["code"], (gauge) => {
      for (const { code } of agent.health.faults()) gauge.set({ code }, 1);
    });
    this.addGauge("slowed", "1 for a GPU that its hardware has held back for a minute", ["gpu"], (gauge) => {
      for (const gpu of agent.slowedGpus()) gauge.set({ gpu }, 1);
    });
    this.addGauge("resident_bytes", "Memory of the agent", [], (gauge) => gauge.set(process.memoryUsage.rss()));
    this.addCounters(agent);
    for (const [name, help, value] of gpuSeries) {
      this.addGauge(`gpu_${name}`, help, ["gpu"], (gauge) => {
        for (const { kind, index, values } of agent.batch?.readings ?? []) {
          const shown = value(values);
          if (kind === "gpu" && shown !== undefined) gauge.set({ gpu: index }, shown);
        }
      });
    }
  }

  get contentType(): string {
    return this.registry.contentType;
  }

  text(): Promise<string> {
    return this.registry.metrics();
  }

  private addCounters(agent: Agent): void {
    this.addCounter("delivered_data_total", "Data that CloudWatch has taken", [], (counter) =>
      counter.inc(agent.delivered),
    );
    this.addCounter("requests_total", "Requests to CloudWatch", ["outcome"], (counter) => {
      for (const [outcome, count] of Object.entries(agent.publisher?.requests ?? {})) counter.inc({ outcome }, count);
    });
    this.addCounter("dropped_data_total", "Data given up", ["reason"], (counter) => {
      for (const [reason, count] of agent.dropped) counter.inc({ reason }, count);
    });
    this.addCounter("source_failures_total", "Failures of a source", ["source"], (counter) => {
      for (const [source, count] of agent.manager.failures()) counter.inc({ source }, count);
    });
    this.addCounter("unreadable_total", "Lines and values that could not be read", ["source", "kind"], (counter) => {
      for (const [source, { counts }] of agent.sources.rejections) {
        for (const [kind, count] of counts) counter.inc({ source, kind }, count);
      }
    });
    this.addCounter("clock_steps_total", "Times the clock was set", [], (counter) =>
      counter.inc(agent.meter.clockSteps),
    );
    this.addCounter("cpu_seconds_total", "Processor time of the agent", [], (counter) => {
      const { user, system } = process.cpuUsage();
      counter.inc((user + system) / 1e6);
    });
  }

  private addGauge(name: string, help: string, labelNames: string[], fill: (gauge: Gauge) => void): void {
    new Gauge({
      name: `gpu_metrics_${name}`,
      help,
      labelNames,
      registers: [this.registry],
      collect() {
        this.reset();
        fill(this);
      },
    });
  }

  private addCounter(name: string, help: string, labelNames: string[], fill: (counter: Counter) => void): void {
    new Counter({
      name: `gpu_metrics_${name}`,
      help,
      labelNames,
      registers: [this.registry],
      collect() {
        this.reset();
        fill(this);
      },
    });
  }
}
