import type { Database } from "../../../runtime/database/types";
import type { Turn } from "./recent";

/** A turn as it is kept for good. */
export interface HistoryTurn extends Turn {
  readonly tenant: string;
  readonly npcId: string;
  readonly archetype: string;
  readonly tier: string;
  readonly at: Date;
}

/** Rows of one statement, and milliseconds that the first of them waits. Source: the product's memory tiers. */
const batchRows = 100;
const batchMs = 100;
/** Milliseconds between two tries while the database is away. */
const retryMs = 1_000;

/**
 * Writes turns to the database in batches, behind the answer. While the database is away they wait, at most as many as there is room
 * for; then the newest are refused and counted, so that memory stays bounded.
 */
export class History {
  #queue: HistoryTurn[] = [];
  #timer: NodeJS.Timeout | undefined;
  #writing: Promise<void> = Promise.resolve();
  #closed = false;
  /** Turns that found no room. */
  dropped = 0;

  /** @param room Turns that may wait. */
  constructor(
    private readonly database: Pick<Database<undefined>, "transaction">,
    private readonly onFailure: (error: unknown, waiting: number) => void,
    private readonly room = 10_000,
  ) {}

  get waiting(): number {
    return this.#queue.length;
  }

  add(turn: HistoryTurn): void {
    if (this.#queue.length >= this.room) {
      this.dropped += 1;
      return;
    }
    this.#queue.push(turn);
    if (this.#queue.length >= batchRows) this.#flush(0);
    else this.#flush(batchMs);
  }

  /** Writes what waits, once, and ends. */
  async close(): Promise<void> {
    this.#closed = true;
    clearTimeout(this.#timer);
    await this.#writing;
    while (this.#queue.length > 0 && (await this.#write()));
  }

  #flush(afterMs: number): void {
    if (this.#closed || this.#timer !== undefined) return;
    this.#timer = setTimeout(() => {
      this.#writing = this.#write().then((written) => {
        this.#timer = undefined;
        if (this.#queue.length > 0) this.#flush(written ? 0 : retryMs);
      });
    }, afterMs).unref();
  }

  async #write(): Promise<boolean> {
    const batch = this.#queue.slice(0, batchRows);
    const column = <Name extends keyof HistoryTurn>(name: Name) =>
      // PostgreSQL takes no NUL in a text: one such turn would keep all others from being written.
      batch.map((turn) => String(turn[name]).replaceAll("\0", ""));
    try {
      await this.database.transaction(undefined, (session) =>
        session.query(
          `INSERT INTO npc_turns (tenant, npc_id, archetype, asked, answered, tier, at)
           SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::timestamptz[])`,
          [
            column("tenant"),
            column("npcId"),
            column("archetype"),
            column("asked"),
            column("answered"),
            column("tier"),
            batch.map(({ at }) => at.toISOString()),
          ],
        ),
      );
      this.#queue = this.#queue.slice(batch.length);
      return true;
    } catch (error) {
      this.onFailure(error, this.#queue.length);
      return false;
    }
  }
}
