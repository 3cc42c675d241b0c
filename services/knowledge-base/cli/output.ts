import { Presets, SingleBar } from "cli-progress";
import type { Progress } from "../index/maintenance";

/** Writes a result: JSON when asked for, else the lines. */
export function print(json: boolean, value: unknown, lines: () => readonly string[]): void {
  process.stdout.write(json ? `${JSON.stringify(value)}\n` : `${lines().join("\n")}\n`);
}

/** A bar with the time left on standard error, only where that is a terminal. */
export function progressBar(): { progress: Progress; stop: () => void } {
  if (!process.stderr.isTTY) return { progress: () => undefined, stop: () => undefined };
  let bar: SingleBar | undefined;
  let shown = "";
  const stop = () => {
    bar?.stop();
    bar = undefined;
  };
  return {
    stop,
    progress(stage, done, total) {
      if (stage !== shown || bar === undefined) {
        stop();
        shown = stage;
        bar = new SingleBar(
          { format: "{stage} {bar} {value}/{total}, {eta_formatted} left", stream: process.stderr, etaBuffer: 50 },
          Presets.shades_classic,
        );
        bar.start(total, done, { stage });
      }
      bar.setTotal(total);
      bar.update(done);
    },
  };
}
