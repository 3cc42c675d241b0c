import type { GpuBatch } from "../gpu/reading";

export const sourceNames = ["dcgmi", "dcgm-exporter", "nvidia-smi", "simulated"] as const;
export type SourceName = (typeof sourceNames)[number];

/** What a source tells the one who started it. */
export interface SourceEvents {
  /** A moment of all GPUs. */
  batch(batch: GpuBatch): void;
  /** A GPU that the source says does not answer any more. */
  gpuLost(text: string): void;
  /** The source has ended or does not answer; it sends nothing after this, and is called once. */
  failed(reason: string): void;
}

/** A running source. */
export interface RunningSource {
  /** Ends it; resolves when its process is gone or given up. Sends no event afterwards. */
  stop(): Promise<void>;
}

/** A way to read GPUs. Starting one costs nothing until its first batch. */
export interface Source {
  readonly name: SourceName;
  /** Starts reading. At most one run of a source is up at a time. */
  start(events: SourceEvents): RunningSource;
  /** True where an earlier process of this source cannot be ended (it hangs in the kernel), so that no other may be started. */
  isStuck(): boolean;
}

/** A run that may start itself anew, for example with fewer fields; a stop ends whichever is up and lets no other follow. */
export function restartable(launch: (again: () => void) => RunningSource): RunningSource {
  let stopped = false;
  const again = (): void => {
    if (!stopped) run = launch(again);
  };
  let run = launch(again);
  return {
    stop: () => {
      stopped = true;
      return run.stop();
    },
  };
}
