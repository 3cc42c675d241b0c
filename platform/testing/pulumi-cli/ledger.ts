import { appendFileSync, existsSync, readFileSync } from "node:fs";
import type { PropertyMap } from "../../engine/types";

/** One thing that the stand-in provider did to what it calls the cloud. */
export interface LedgerEntry {
  readonly op: "create" | "update" | "delete";
  readonly type: string;
  readonly urn: string;
  readonly id: string;
  /** Absent for a deletion. */
  readonly outputs?: PropertyMap;
  /** Tags that the cloud would have, the provider's default ones included; absent where it has none. */
  readonly tags?: Readonly<Record<string, string>>;
}

/**
 * What a stand-in provider did, one JSON line each. An entry is written before the CLI hears of it, as a cloud acts before it
 * answers: a CLI that is killed in between leaves something behind that its state does not know.
 */
export class Ledger {
  constructor(private readonly file: string) {}

  append(entry: LedgerEntry): void {
    appendFileSync(this.file, `${JSON.stringify(entry)}\n`);
  }

  /** Everything that was done, in order. */
  entries(): LedgerEntry[] {
    if (!existsSync(this.file)) return [];
    const lines = readFileSync(this.file, "utf8").split("\n");
    return lines.filter((line) => line !== "").map((line): LedgerEntry => JSON.parse(line));
  }

  /** What exists now, by id. */
  existing(): ReadonlyMap<string, LedgerEntry> {
    const found = new Map<string, LedgerEntry>();
    for (const entry of this.entries()) {
      if (entry.op === "delete") found.delete(entry.id);
      else found.set(entry.id, entry);
    }
    return found;
  }
}
