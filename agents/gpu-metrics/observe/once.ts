import type { Logger } from "../../../runtime/logger";
import { framebufferUsedPercent, type GpuBatch } from "../gpu/reading";
import { throttleReasonNames } from "../gpu/throttle";
import type { Settings } from "../options";
import { createSources } from "../sources/create";
import { SourceManager } from "../sources/manager";
import type { SourceName } from "../sources/source";
import { table } from "./table";

export interface Sample {
  readonly source: SourceName;
  readonly batch: GpuBatch;
}

/** Moments taken for one sample: the first ones of profiling counters are empty. */
const momentsWithProfiling = 3;

/**
 * Reads the GPUs once, from the best source that answers.
 * @param timeoutMs Milliseconds until it gives up.
 * @returns undefined where no source answers in time
 */
export async function takeSample(settings: Settings, log: Logger, timeoutMs: number): Promise<Sample | undefined> {
  const now = (): number => performance.now();
  const { candidates } = createSources(settings, log, now);
  let moments = 0;
  let done: (sample: Sample | undefined) => void = () => undefined;
  const sample = new Promise<Sample | undefined>((resolve) => {
    done = resolve;
  });
  let latest: Sample | undefined;
  const manager = new SourceManager({
    candidates,
    log,
    now,
    firstBatchMs: Math.max(3000, timeoutMs / Math.max(1, candidates.length)),
    onGpuLost: (text) => log.error({ text }, "a GPU does not answer"),
    onBatch: (batch, source) => {
      moments += 1;
      latest = { source, batch };
      if (source !== "dcgmi" || moments >= momentsWithProfiling) done(latest);
    },
  });
  const timer = setTimeout(() => done(latest), timeoutMs);
  manager.start();
  const taken = await sample;
  clearTimeout(timer);
  await manager.stop();
  return taken;
}

/** The sample as a table for a terminal; says so when its values are invented. */
export function describeSample({ source, batch }: Sample): string {
  const number = (value: number | undefined, digits = 0): string => (value === undefined ? "-" : value.toFixed(digits));
  const rows = batch.readings.map(({ kind, index, values, recoveryAction }) => [
    kind === "gpu" ? `GPU ${index}` : `MIG ${index}`,
    number(values.utilization),
    number(framebufferUsedPercent(values), 1),
    number(values.fbUsedMiB),
    number(values.fbTotalMiB),
    number(values.temperatureC),
    number(values.powerW, 1),
    number(values.smClockMhz),
    number(values.graphicsActive, 3),
    number(values.xid),
    number(values.eccUncorrected),
    throttleReasonNames(values.throttleReasons ?? 0).join("+") || (values.throttleReasons === undefined ? "-" : "none"),
    recoveryAction ?? "-",
  ]);
  const titles = [
    ...["entity", "util %", "fb %", "fb MiB", "of MiB", "temp C", "power W", "SM MHz"],
    ...["gr act", "XID", "ECC", "throttle", "recovery"],
  ];
  const note = source === "simulated" ? " (invented values: there is no GPU behind them)" : "";
  return `source: ${source}${note}\n${table(titles, rows)}`;
}
