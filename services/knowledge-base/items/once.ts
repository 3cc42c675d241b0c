import type { Session } from "../database/types";
import { Conflict } from "./errors";

/** A command that may be sent twice and takes effect once: what was answered first is answered again. */
export interface Once<Answer> {
  /** Asked first in the command's transaction; an answer means that all is done. @throws Conflict for a key of another command */
  claim(session: Session): Promise<Answer | undefined>;
  /** Told last in the same transaction. */
  keep(session: Session, answer: Answer): Promise<void>;
}

/** Days that an answer is kept for. */
const keptDays = 7;

/**
 * @param caller Whose key it is; two callers may use the same one
 * @param fingerprint Of everything that was asked for
 */
export function once<Answer>(caller: string, key: string, worldId: string | null, fingerprint: string): Once<Answer> {
  return {
    async claim(session) {
      // Waits for a transaction that has claimed the key and not ended.
      const { count } = await session.query(
        `INSERT INTO idempotency_keys (caller, key, world_id, fingerprint) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING`,
        [caller, key, worldId, fingerprint],
      );
      if (count > 0) return undefined;
      const { rows } = await session.query<{ answer: Answer }>(
        "SELECT answer FROM idempotency_keys WHERE caller = $1 AND key = $2 AND fingerprint = $3 AND answer IS NOT NULL",
        [caller, key, fingerprint],
      );
      if (rows[0] === undefined) throw new Conflict("this Idempotency-Key came with another request");
      return rows[0].answer;
    },
    async keep(session, answer) {
      await session.query("UPDATE idempotency_keys SET answer = $3 WHERE caller = $1 AND key = $2", [
        caller,
        key,
        JSON.stringify(answer),
      ]);
    },
  };
}

/** Forgets answers that are too old to be asked for again. */
export async function forgetAnswers(session: Session): Promise<void> {
  await session.query("DELETE FROM idempotency_keys WHERE created_at < now() - make_interval(days => $1)", [keptDays]);
}
