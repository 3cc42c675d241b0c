import type { Logger } from "../../../runtime/logger";
import { BatchAssembler } from "./batches";
import { LineChild } from "./child";
import { Rejections } from "./rejections";
import { SmiParser, smiProperties } from "./smi-parser";
import { type RunningSource, restartable, type Source, type SourceEvents } from "./source";

export interface SmiOptions {
  /** @default `nvidia-smi` */
  readonly command?: string;
  readonly intervalMs: number;
  /** Milliseconds of silence after which the child counts as hanging. @default 15000, or four intervals */
  readonly silenceMs?: number;
  readonly log: Logger;
  /** Monotonic milliseconds. */
  readonly now: () => number;
}

/**
 * Reads GPUs through one long-lived `nvidia-smi --query-gpu ... -lms N`. A property that the driver does not know refuses the
 * whole query; it is asked for under its older name, or no more, and the child is started again.
 */
export class SmiSource implements Source {
  readonly name = "nvidia-smi";
  readonly rejections: Rejections;
  private child: LineChild | undefined;
  /** What is asked for: for each property the name to try, by its place; absent ones are not asked for. */
  private readonly asked = new Map(smiProperties.map((property) => [property, 0]));

  constructor(private readonly options: SmiOptions) {
    this.rejections = new Rejections(options.log, this.name);
  }

  isStuck(): boolean {
    return this.child?.isRunning() ?? false;
  }

  start(events: SourceEvents): RunningSource {
    return restartable((again) => this.launch(events, again));
  }

  private launch(events: SourceEvents, again: () => void): RunningSource {
    const { command = "nvidia-smi", intervalMs, now } = this.options;
    const parser = new SmiParser();
    const batches = new BatchAssembler((batch) => events.batch(batch), Math.min(100, intervalMs / 4), now);
    const names = [...this.asked].map(([property, place]) => property.names[place] ?? "");
    let refused: string | undefined;
    let lastError: string | undefined;

    const child = new LineChild(
      {
        command,
        args: [`--query-gpu=${names.join(",")}`, "--format=csv", "-lms", String(intervalMs)],
        silenceMs: this.options.silenceMs ?? Math.max(15_000, intervalMs * 4),
      },
      {
        line: (text) => {
          const line = parser.parse(text);
          if (line.type === "row") {
            for (const name of line.dropped) this.rejections.add(`unbelievable ${name}`, text);
            batches.add(line.reading);
          } else if (line.type === "unknown-property") refused = line.name;
          else if (line.type === "gpu-lost") {
            lastError = line.text;
            events.gpuLost(line.text);
          } else if (line.type === "error") lastError = line.text;
          else if (line.type === "unreadable") this.rejections.add(line.reason, text);
        },
        ended: (reason) => {
          batches.flush();
          if (refused !== undefined && this.giveUp(refused)) {
            void child.stop().then(again);
          } else {
            void child.stop();
            events.failed(lastError === undefined ? reason : `${reason}: ${lastError}`);
          }
        },
      },
    );
    this.child = child;
    return {
      stop: async () => {
        batches.discard();
        await child.stop();
      },
    };
  }

  /** Moves a refused property to its next name, or leaves it out. @returns False where it was not asked for. */
  private giveUp(name: string): boolean {
    for (const [property, place] of this.asked) {
      if (property.names[place] !== name || property.names[0] === "index") continue;
      if (place + 1 < property.names.length) this.asked.set(property, place + 1);
      else this.asked.delete(property);
      return true;
    }
    return false;
  }
}
