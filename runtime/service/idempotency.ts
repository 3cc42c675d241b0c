import { createHash } from "node:crypto";
import type { IncomingHttpHeaders } from "node:http";
import type { RouteContract } from "../../contracts/services/define";
import type { Session } from "../database/types";
import { dropOld } from "./drop-old";
import type { Transaction } from "./keys";
import { problem } from "./problems";

/** An answer as it went out the first time. */
export interface StoredAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | null;
}

/** A write that may be sent twice. */
export interface IdempotentWrite {
  readonly caller: string;
  readonly key: string;
  readonly requestHash: string;
  /** Hours that the first answer is kept. */
  readonly keptHours: number;
}

/** A write of a handler with transactions of its own, which may be sent twice and takes effect once. */
export interface Once<Answer = unknown> {
  /** Asked first in the transaction of the write; an answer means that all is done. @throws Problem 409 for the key of another request */
  claim(session: Session): Promise<Answer | undefined>;
  /** Told last in the same transaction. */
  keep(session: Session, answer: Answer): Promise<void>;
  /** Whose the key is, and the key. */
  readonly write: Pick<IdempotentWrite, "caller" | "key">;
}

/**
 * @param status Of the answer. @param replayed Called where the answer is an earlier one.
 */
export function onceOf(write: IdempotentWrite, status: number, replayed: () => void): Once {
  return {
    write,
    async claim(session) {
      const known = await claim(session, write);
      if (known === undefined) return undefined;
      replayed();
      return JSON.parse(known.body ?? "null") as unknown;
    },
    keep: (session, answer) => store(session, write, { status, headers: {}, body: JSON.stringify(answer) }),
  };
}

/**
 * Reads `Idempotency-Key`.
 * @throws Problem 400 for a key that is too long or not printable, or none where the route needs one
 */
export function idempotencyKeyOf(headers: IncomingHttpHeaders, route: RouteContract): string | undefined {
  const key = headers["idempotency-key"];
  if (route.method === "GET") return undefined;
  if (key === undefined) {
    if (route.idempotencyKey !== "required") return undefined;
    throw problem("invalid-request", "send an Idempotency-Key, the same one when the request is sent again");
  }
  if (typeof key === "string" && /^[\x21-\x7e]{1,255}$/.test(key)) return key;
  throw problem("invalid-request", "an Idempotency-Key has 1 to 255 printable characters and no space");
}

/** What makes two requests the same one. */
export function requestHashOf(method: string, url: string, body: Uint8Array | undefined): string {
  return createHash("sha256")
    .update(`${method} ${url}\n`)
    .update(body ?? "")
    .digest("hex");
}

/**
 * Takes a key for this transaction. A parallel duplicate waits here for the first one to end, then gets its answer; where that one failed
 * and left nothing, the duplicate becomes the first.
 * @returns The stored answer, or undefined for the first
 * @throws Problem 409 where the key came with another request
 */
export async function claim(session: Session, write: IdempotentWrite): Promise<StoredAnswer | undefined> {
  const { caller, key, requestHash, keptHours } = write;
  await session.prepared("DELETE FROM idempotency_keys WHERE caller = $1 AND key = $2 AND expires_at <= now()", [
    caller,
    key,
  ]);
  const { count } = await session.prepared(
    `INSERT INTO idempotency_keys (caller, key, request_hash, expires_at)
     VALUES ($1, $2, $3, now() + make_interval(hours => $4)) ON CONFLICT DO NOTHING`,
    [caller, key, requestHash, keptHours],
  );
  if (count === 1) return undefined;
  const known = await find(session, write);
  // Row-level security hides the answer to another request.
  if (known === undefined) throw reused();
  return known;
}

const reused = () =>
  problem("idempotency-key-reused", "the Idempotency-Key came with another method, path or body before");

/** The answer to a write that has been committed; undefined where there is none. @throws Problem as `claim` */
export async function find(session: Session, write: IdempotentWrite): Promise<StoredAnswer | undefined> {
  const { rows } = await session.prepared<StoredAnswer & { requestHash: string }>(
    `SELECT request_hash AS "requestHash", status, headers, body FROM idempotency_keys
     WHERE caller = $1 AND key = $2 AND expires_at > now()`,
    [write.caller, write.key],
  );
  const known = rows[0];
  if (known !== undefined && known.requestHash !== write.requestHash) throw reused();
  return known;
}

/** Keeps the answer of this transaction. */
export async function store(session: Session, { caller, key }: IdempotentWrite, answer: StoredAnswer): Promise<void> {
  await session.prepared(
    "UPDATE idempotency_keys SET status = $3, headers = $4, body = $5 WHERE caller = $1 AND key = $2",
    [caller, key, answer.status, JSON.stringify(answer.headers), answer.body],
  );
}

/** Drops answers that are kept no longer. */
export const forgetOldAnswers = (transaction: Transaction): Promise<void> =>
  dropOld(transaction, "idempotency_keys", "expires_at <= now()");
