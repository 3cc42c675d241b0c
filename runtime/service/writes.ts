import type { Session } from "../database/types";
import { sqlState, sqlStates } from "../database/types";
import type { ServiceDatabase } from "./definition";
import { claim, find, type IdempotentWrite, type StoredAnswer, store } from "./idempotency";
import { Problem, toProblem } from "./problems";

/** What a write comes to before it goes over the wire. */
export interface WriteAnswer extends StoredAnswer {
  /** True for the answer of an earlier request with the same Idempotency-Key. */
  readonly replayed: boolean;
}

/** Tries of a transaction that others got in the way of. */
const tries = 4;
const inTheWay: ReadonlySet<string | undefined> = new Set([sqlStates.deadlock, sqlStates.serializationFailure]);

/**
 * Runs a write and its answer in one transaction. With a key, a repeat gets the first answer, and so does a refusal: what the handler
 * had written is taken back, the refusal is kept. A failure of 500 or above takes all back and keeps nothing.
 * @param work Makes the answer. @param refuse Turns a refusal into an answer.
 */
export async function runWrite(
  database: ServiceDatabase,
  write: IdempotentWrite | undefined,
  work: (session: Session) => Promise<StoredAnswer>,
  refuse: (problem: Problem) => StoredAnswer,
): Promise<WriteAnswer> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await database.transaction(undefined, (session) =>
        write === undefined ? first(work(session)) : once(session, write, work, refuse),
      );
    } catch (error) {
      if (attempt === tries || !inTheWay.has(sqlState(error))) throw error;
    }
  }
}

/** The answer of a write that was committed before; undefined where there is none yet. */
export async function earlierAnswer(
  database: ServiceDatabase,
  write: IdempotentWrite | undefined,
): Promise<WriteAnswer | undefined> {
  if (write === undefined) return undefined;
  const known = await database.transaction(undefined, (session) => find(session, write));
  return known && { ...known, replayed: true };
}

const first = async (answer: Promise<StoredAnswer>): Promise<WriteAnswer> => ({ ...(await answer), replayed: false });

async function once(
  session: Session,
  write: IdempotentWrite,
  work: (session: Session) => Promise<StoredAnswer>,
  refuse: (problem: Problem) => StoredAnswer,
): Promise<WriteAnswer> {
  const known = await claim(session, write);
  if (known !== undefined) return { ...known, replayed: true };
  await session.query("SAVEPOINT work");
  const answer = await work(session).catch(async (error: unknown) => {
    const problem = error instanceof Problem || !inTheWay.has(sqlState(error)) ? toProblem(error) : undefined;
    if (problem === undefined || problem.status >= 500) throw error;
    await session.query("ROLLBACK TO SAVEPOINT work");
    return refuse(problem);
  });
  await store(session, write, answer);
  return { ...answer, replayed: false };
}
