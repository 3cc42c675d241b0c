import type { Logger } from "./logger";
import { exitCodes } from "./main";

/** What a program that serves makes of SIGTERM and SIGINT. */
export interface StopSignal {
  /** True once the process was asked to stop. */
  readonly asked: boolean;
  /** Resolves then. */
  readonly wanted: Promise<void>;
  /** From now on there is something to end in order. */
  serving(): void;
}

/**
 * Heeds SIGTERM and SIGINT, from before a program opens anything: one that says that it listens must not die of the next signal.
 * While it starts nothing was accepted, so it ends at once with code 0. Later the first signal is passed on, and a second one ends
 * the process at once with code 1.
 */
export function heedStopSignals(logger: Logger): StopSignal {
  let serving = false;
  let asked = false;
  let want: () => void = () => {};
  const wanted = new Promise<void>((resolve) => {
    want = resolve;
  });
  const heed = (signal: NodeJS.Signals) => {
    if (asked) process.exit(exitCodes.findings);
    asked = true;
    logger.info({ signal }, serving ? "asked to stop; once more ends it at once" : "asked to stop before it served");
    if (!serving) process.exit(exitCodes.fine);
    want();
  };
  process.on("SIGTERM", heed);
  process.on("SIGINT", heed);
  return {
    get asked() {
      return asked;
    },
    wanted,
    serving: () => {
      serving = true;
    },
  };
}
