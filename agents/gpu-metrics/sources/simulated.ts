import type { GpuReading } from "../gpu/reading";
import type { RunningSource, Source, SourceEvents } from "./source";

export interface SimulatedOptions {
  readonly gpus: number;
  readonly intervalMs: number;
  /** Monotonic milliseconds. */
  readonly now: () => number;
}

/** A day of load in this many seconds. */
const waveSeconds = 600;

/**
 * Invented values of an A10G for machines without a GPU: a slow wave per GPU, the same for the same moment. It is never chosen by
 * itself, and says what it is wherever its values are shown.
 */
export class SimulatedSource implements Source {
  readonly name = "simulated";

  constructor(private readonly options: SimulatedOptions) {}

  isStuck(): boolean {
    return false;
  }

  start(events: SourceEvents): RunningSource {
    const { gpus, intervalMs, now } = this.options;
    const emit = (): void => {
      const at = now();
      events.batch({ at, readings: Array.from({ length: gpus }, (_, index) => simulatedReading(index, at / 1000)) });
    };
    const first = setTimeout(emit, 0);
    const timer = setInterval(emit, intervalMs);
    return {
      stop: async () => {
        clearTimeout(first);
        clearInterval(timer);
      },
    };
  }
}

/** What the simulated GPU shows at a second. */
export function simulatedReading(index: number, second: number): GpuReading {
  const load = 0.5 + 0.45 * Math.sin((2 * Math.PI * second) / waveSeconds + index);
  return {
    kind: "gpu",
    index,
    uuid: `GPU-simulated-${index}`,
    values: {
      utilization: Math.round(load * 100),
      fbTotalMiB: 23_028,
      fbUsedMiB: 18_506,
      fbReservedMiB: 435,
      fbFreeMiB: 4087,
      temperatureC: Math.round(30 + 40 * load),
      powerW: Math.round(60 + 220 * load),
      smClockMhz: 1710,
      memoryClockMhz: 6251,
      throttleReasons: 0,
      xid: 0,
      eccCorrected: 0,
      eccUncorrected: 0,
      remapFailed: 0,
      remapPending: 0,
    },
  };
}
