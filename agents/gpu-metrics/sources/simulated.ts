import type { GpuReading } from "../gpu/reading";
import type { RunningSource, Source, SourceEvents } from "./source";

export interface SimulatedOptions {
  readonly gpus: number;
  readonly intervalMs: number;
  /** Monotonic milliseconds. */
  readonly now: () => number;
  /** Load that every GPU shows, 0-1. @default a slow wave per GPU, the same for the same moment */
  readonly load?: () => number;
}

/** A day of load in this many seconds. */
const waveSeconds = 600;

/**
 * Invented values of an A10G for machines without a GPU. It is never chosen by itself, and says what it is wherever its values are
 * shown.
 */
export class SimulatedSource implements Source {
  readonly name = "simulated";

  constructor(private readonly options: SimulatedOptions) {}

  isStuck(): boolean {
    return false;
  }

  start(events: SourceEvents): RunningSource {
    const { gpus, intervalMs, now, load } = this.options;
    const emit = (): void => {
      const at = now();
      const reading = (index: number) => simulatedReading(index, load?.() ?? wave(index, at / 1000));
      events.batch({ at, readings: Array.from({ length: gpus }, (_, index) => reading(index)) });
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

const wave = (index: number, second: number): number =>
  0.5 + 0.45 * Math.sin((2 * Math.PI * second) / waveSeconds + index);

/** What the simulated GPU shows under a load of 0 to 1. */
export function simulatedReading(index: number, load: number): GpuReading {
  const fbUsedMiB = Math.round(6_900 + 8_100 * load);
  return {
    kind: "gpu",
    index,
    uuid: `GPU-simulated-${index}`,
    values: {
      utilization: Math.round(load * 100),
      fbTotalMiB: 23_028,
      fbUsedMiB,
      fbReservedMiB: 435,
      fbFreeMiB: 23_028 - 435 - fbUsedMiB,
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

/**
 * The load that tokens put on a simulated GPU: how many the inference host made in the last seconds, as a share of what the GPU
 * is said to make.
 */
export class TokenLoad {
  #last: { readonly at: number; readonly tokens: number } | undefined;
  #share = 0;

  /**
   * @param tokensPerSecond What the simulated GPU makes at most.
   * @param now Monotonic milliseconds.
   */
  constructor(
    private readonly tokensPerSecond: number,
    private readonly now: () => number,
  ) {}

  /** Takes the host's counter of completion tokens. One that has fallen is a host that started again. */
  observe(tokens: number): void {
    const at = this.now();
    const last = this.#last;
    this.#last = { at, tokens };
    if (last === undefined || at <= last.at) return;
    const made = Math.max(0, tokens - last.tokens);
    this.#share = Math.min(1, made / ((at - last.at) / 1000) / this.tokensPerSecond);
  }

  /** 0-1 */
  share(): number {
    return this.#share;
  }
}
