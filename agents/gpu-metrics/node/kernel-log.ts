import { closeSync, constants, openSync, readSync } from "node:fs";
import { parseXid, type XidEvent } from "../gpu/xid";

/** Most records that one look takes, so that a flood of messages cannot hold the agent up. */
const recordsPerLook = 2000;
/** Longest record of /dev/kmsg. Source: CONSOLE_EXT_LOG_MAX in the kernel. */
const recordBytes = 8192;

/**
 * Reads XIDs from the kernel log. The device hands out one record per read, from the oldest that it still has, and the descriptor
 * does not block. Where it cannot be opened (not root, no CAP_SYSLOG) there is no kernel log, and DCGM's last XID has to do.
 */
export class KernelLog {
  private readonly buffer = Buffer.alloc(recordBytes);
  private rest = "";
  private first = true;

  private constructor(private readonly descriptor: number) {}

  /** Undefined where the file cannot be opened. @param path Normally `/dev/kmsg`. */
  static open(path: string): KernelLog | undefined {
    try {
      return new KernelLog(openSync(path, constants.O_RDONLY | constants.O_NONBLOCK));
    } catch {
      return undefined;
    }
  }

  /** XIDs since the last look; `isNew` is false for what the log already held at the first one. */
  read(): { readonly event: XidEvent; readonly isNew: boolean }[] {
    const isNew = !this.first;
    this.first = false;
    return this.lines()
      .map((line) => parseXid(line))
      .filter((event) => event !== undefined)
      .map((event) => ({ event, isNew }));
  }

  close(): void {
    closeSync(this.descriptor);
  }

  private lines(): string[] {
    const lines: string[] = [];
    for (let record = 0; record < recordsPerLook; record += 1) {
      const length = this.readRecord();
      if (length === "overwritten") continue;
      if (length === 0) break;
      const text = this.rest + this.buffer.toString("utf8", 0, length);
      const parts = text.split("\n");
      this.rest = (parts.pop() ?? "").slice(-recordBytes);
      lines.push(...parts);
    }
    return lines;
  }

  private readRecord(): number | "overwritten" {
    try {
      return readSync(this.descriptor, this.buffer, 0, recordBytes, null);
    } catch (error) {
      // EPIPE: records were overwritten before they were read; the next read goes on with the oldest there is.
      return (error as NodeJS.ErrnoException).code === "EPIPE" ? "overwritten" : 0;
    }
  }
}
