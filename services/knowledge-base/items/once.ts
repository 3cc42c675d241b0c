import type { Call, Once } from "../../../runtime/service";

export type { Once };

/**
 * What makes a command take effect once, where its request has an `Idempotency-Key`: what was answered first is answered again.
 * @param worldId World that the answer tells of; with the world it is forgotten
 */
export function onceOf<Answer>({ once }: Pick<Call, "once">, worldId: string | null): Once<Answer> | undefined {
  if (once === undefined) return undefined;
  const { write, claim, keep } = once;
  return {
    write,
    claim: claim as Once<Answer>["claim"],
    async keep(session, answer) {
      await keep(session, answer);
      if (worldId === null) return;
      const about = "UPDATE idempotency_keys SET world_id = $3 WHERE caller = $1 AND key = $2";
      await session.query(about, [write.caller, write.key, worldId]);
    },
  };
}
