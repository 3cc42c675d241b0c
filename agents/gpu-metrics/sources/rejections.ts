import type { Logger } from "../../../runtime/logger";

/** Counts what could not be read and logs the first of each kind, so that a broken source fills no disk. */
export class Rejections {
  readonly counts = new Map<string, number>();

  constructor(
    private readonly log: Pick<Logger, "warn">,
    private readonly source: string,
  ) {}

  /** @param kind A word of a small, fixed set. @param sample The line, cut to 200 characters in the log. */
  add(kind: string, sample: string): void {
    const seen = this.counts.get(kind) ?? 0;
    this.counts.set(kind, seen + 1);
    if (seen > 0) return;
    const line = sample.slice(0, 200);
    this.log.warn(
      { source: this.source, kind, line },
      "a line that cannot be read is dropped; later ones of its kind are counted only",
    );
  }

  total(): number {
    return [...this.counts.values()].reduce((sum, count) => sum + count, 0);
  }
}
