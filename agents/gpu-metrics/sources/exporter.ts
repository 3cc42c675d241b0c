import type { Logger } from "../../../runtime/logger";
import { HttpPoller } from "../node/http-get";
import { parseExporter } from "./exporter-parser";
import { Rejections } from "./rejections";
import type { RunningSource, Source, SourceEvents } from "./source";

export interface ExporterOptions {
  readonly url: string;
  readonly intervalMs: number;
  readonly log: Logger;
  /** Monotonic milliseconds. */
  readonly now: () => number;
}

/** Failed reads in a row after which the exporter counts as gone. */
const failuresAllowed = 3;

/** Reads a dcgm-exporter that runs on this node. Its own interval bounds how fresh the values are. */
export class ExporterSource implements Source {
  readonly name = "dcgm-exporter";
  readonly rejections: Rejections;

  constructor(private readonly options: ExporterOptions) {
    this.rejections = new Rejections(options.log, this.name);
  }

  isStuck(): boolean {
    return false;
  }

  start(events: SourceEvents): RunningSource {
    const { url, intervalMs, now } = this.options;
    const poller = new HttpPoller(url, Math.max(2000, intervalMs));
    let running = true;
    let failures = 0;
    let timer: NodeJS.Timeout | undefined;

    const read = async (): Promise<void> => {
      const started = now();
      const text = await poller.get().catch((error: Error) => error);
      if (!running) return;
      const problem = text instanceof Error ? text.message : this.handOn(text, started, events);
      failures = problem === undefined ? 0 : failures + 1;
      if (problem !== undefined && failures >= failuresAllowed) {
        running = false;
        poller.close();
        events.failed(`${url}: ${problem}`);
        return;
      }
      timer = setTimeout(() => void read(), Math.max(0, intervalMs - (now() - started)));
      timer.unref();
    };
    void read();

    return {
      stop: async () => {
        running = false;
        clearTimeout(timer);
        poller.close();
      },
    };
  }

  /** @returns What was wrong with the text, if anything. */
  private handOn(text: string, at: number, events: SourceEvents): string | undefined {
    const { readings, dropped, unreadable } = parseExporter(text);
    for (const name of dropped) this.rejections.add(`unbelievable ${name}`, name);
    for (const line of unreadable) this.rejections.add("unreadable", line);
    if (readings.length === 0) return "no DCGM series";
    events.batch({ readings, at });
    return undefined;
  }
}
