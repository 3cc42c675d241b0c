import type { Logger } from "../../../runtime/logger";
import { gpuFields } from "../gpu/fields";
import { BatchAssembler } from "./batches";
import { LineChild } from "./child";
import { DmonParser } from "./dmon-parser";
import { Rejections } from "./rejections";
import { type RunningSource, restartable, type Source, type SourceEvents } from "./source";

export interface DcgmiOptions {
  /** @default `dcgmi` */
  readonly command?: string;
  readonly intervalMs: number;
  /** Milliseconds of silence after which the child counts as hanging. @default 10000, or four intervals */
  readonly silenceMs?: number;
  readonly log: Logger;
  /** Monotonic milliseconds. */
  readonly now: () => number;
}

/**
 * Reads DCGM through one long-lived `dcgmi dmon`. Where the host engine refuses the profiling fields (not root, counters taken,
 * GPU without them) the child is started again without them, at once and for good.
 */
export class DcgmiSource implements Source {
  readonly name = "dcgmi";
  readonly rejections: Rejections;
  private child: LineChild | undefined;
  private profiling = true;

  constructor(private readonly options: DcgmiOptions) {
    this.rejections = new Rejections(options.log, this.name);
  }

  isStuck(): boolean {
    return this.child?.isRunning() ?? false;
  }

  start(events: SourceEvents): RunningSource {
    return restartable((again) => this.launch(events, again));
  }

  private launch(events: SourceEvents, again: () => void): RunningSource {
    const { command = "dcgmi", intervalMs, log, now } = this.options;
    const fields = gpuFields.filter((field) => this.profiling || field.profiling !== true);
    const parser = new DmonParser(fields);
    const batches = new BatchAssembler((batch) => events.batch(batch), Math.min(100, intervalMs / 4), now);
    let lastError: string | undefined;
    let fewerFields = false;

    const child = new LineChild(
      {
        command,
        args: ["dmon", "-e", fields.map((field) => field.id).join(","), "-d", String(intervalMs)],
        silenceMs: this.options.silenceMs ?? Math.max(10_000, intervalMs * 4),
      },
      {
        line: (text) => {
          const line = parser.parse(text);
          if (line.type === "row") {
            for (const name of line.dropped) this.rejections.add(`unbelievable ${name}`, text);
            batches.add(line.reading);
          } else if (line.type === "unreadable") this.rejections.add(line.reason, text);
          else if (line.type === "error") {
            lastError = line.text;
            fewerFields ||= line.reason === "fields" && this.profiling;
            this.rejections.add("error text", text);
          }
        },
        ended: (reason) => {
          batches.flush();
          if (fewerFields) {
            this.profiling = false;
            log.warn(
              { source: this.name, reason: lastError },
              "DCGM refuses the profiling fields; reading without them",
            );
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
}
