import { framebufferUsedPercent, type GpuReading } from "./reading";

/** Which counter utilisation is taken from: `auto` prefers the graphics engine's (DCGM 1001) where it is there and not stale. */
export type UtilizationSource = "auto" | "device";

/** One moment of the whole node. A value that no GPU gave is absent. */
export interface NodeMoment {
  /** Mean over the GPUs, 0-100. */
  readonly utilization: number | undefined;
  /** Mean over the GPUs, 0-100. */
  readonly framebufferUsed: number | undefined;
  /** The hottest GPU, degrees Celsius. */
  readonly temperature: number | undefined;
  /** All GPUs together, watts. */
  readonly power: number | undefined;
  /** Mean over the GPUs, MHz. */
  readonly smClock: number | undefined;
}

/** Utilisation of one GPU in percent, 0-100. */
export function gpuUtilization(
  reading: GpuReading,
  from: UtilizationSource,
  stale: ReadonlySet<number>,
): number | undefined {
  const { utilization, graphicsActive } = reading.values;
  const profiled = from === "auto" && graphicsActive !== undefined && !stale.has(reading.index);
  return profiled ? Math.min(100, graphicsActive * 100) : utilization;
}

/** Sums up the GPUs of a node. MIG instances speak for utilisation only where no GPU does. */
export function summarize(
  readings: readonly GpuReading[],
  from: UtilizationSource,
  stale: ReadonlySet<number> = new Set(),
): NodeMoment {
  const gpus = readings.filter((reading) => reading.kind === "gpu");
  const slices = readings.filter((reading) => reading.kind === "gpu-instance");
  const each = (pick: (reading: GpuReading) => number | undefined): number[] => gpus.map(pick).filter(isNumber);
  const whole = each((reading) => gpuUtilization(reading, from, stale));
  const sliced = slices.map((reading) => gpuUtilization(reading, "auto", new Set())).filter(isNumber);
  const temperatures = each((reading) => reading.values.temperatureC);
  const power = each((reading) => reading.values.powerW);
  return {
    utilization: mean(whole.length > 0 ? whole : sliced),
    framebufferUsed: mean(each((reading) => framebufferUsedPercent(reading.values))),
    temperature: temperatures.length > 0 ? Math.max(...temperatures) : undefined,
    power: power.length > 0 ? power.reduce((sum, watts) => sum + watts, 0) : undefined,
    smClock: mean(each((reading) => reading.values.smClockMhz)),
  };
}

function isNumber(value: number | undefined): value is number {
  return value !== undefined;
}

function mean(values: readonly number[]): number | undefined {
  return values.length === 0 ? undefined : values.reduce((sum, value) => sum + value, 0) / values.length;
}
