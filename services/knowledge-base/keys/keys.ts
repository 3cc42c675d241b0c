import { createHash, randomBytes } from "node:crypto";
import { type Database, everything, sqlState, sqlStates } from "../database/types";
import { Conflict, NotFound } from "../items/errors";

export const permissions = ["read", "write", "decide", "admin"] as const;
export type Permission = (typeof permissions)[number];

/** A key as it is listed; the key itself is shown once, when it is made. */
export interface ApiKey {
  readonly id: string;
  readonly name: string;
  readonly permissions: readonly Permission[];
  /** The one world that the key reaches beside the canon; null for every world. */
  readonly worldId: string | null;
  readonly requestsPerMinute: number;
  readonly expiresAt: Date | null;
  readonly revokedAt: Date | null;
  readonly createdAt: Date;
}

const columns = `id, name, permissions, world_id AS "worldId", requests_per_minute AS "requestsPerMinute",
  expires_at AS "expiresAt", revoked_at AS "revokedAt", created_at AS "createdAt"`;

export interface NewKey {
  readonly name: string;
  readonly permissions: readonly Permission[];
  readonly worldId?: string | null;
  /** @default 300 */
  readonly requestsPerMinute?: number;
  /** ISO 8601. */
  readonly expiresAt?: string | null;
}

const shape = /^kb_[\w-]{43}$/;
const hashOf = (key: string) => createHash("sha256").update(key).digest("hex");

/** Makes a key of 256 random bits; only its hash is stored. @throws Conflict for a name in use, NotFound for a world that is not */
export async function createKey(database: Database, made: NewKey): Promise<ApiKey & { key: string }> {
  const key = `kb_${randomBytes(32).toString("base64url")}`;
  try {
    const { rows } = await database.transaction(everything, (session) =>
      session.query<ApiKey>(
        `INSERT INTO api_keys (name, key_hash, permissions, world_id, requests_per_minute, expires_at)
         VALUES ($1, $2, $3, $4, $5, $6) RETURNING ${columns}`,
        [
          made.name,
          hashOf(key),
          made.permissions,
          made.worldId ?? null,
          made.requestsPerMinute ?? 300,
          made.expiresAt ?? null,
        ],
      ),
    );
    return { ...(rows[0] as ApiKey), key };
  } catch (error) {
    if (sqlState(error) === sqlStates.uniqueViolation) throw new Conflict("a key of that name is there already");
    if (sqlState(error) === sqlStates.foreignKeyViolation) throw new NotFound("world");
    throw error;
  }
}

export async function listKeys(database: Database): Promise<ApiKey[]> {
  const { rows } = await database.transaction(everything, (session) =>
    session.query<ApiKey>(`SELECT ${columns} FROM api_keys ORDER BY created_at, id`),
  );
  return rows;
}

/** Ends a key at once. @throws NotFound */
export async function revokeKey(database: Database, name: string): Promise<void> {
  const { count } = await database.transaction(everything, (session) =>
    session.query("UPDATE api_keys SET revoked_at = now() WHERE name = $1 AND revoked_at IS NULL", [name]),
  );
  if (count === 0) throw new NotFound("key");
}

/** What a request with a key comes to. */
export type Admission =
  | { readonly outcome: "unknown" }
  | { readonly outcome: "expired" }
  | {
      readonly outcome: "limited" | "admitted";
      readonly key: ApiKey;
      readonly limit: number;
      readonly remaining: number;
      readonly resetSeconds: number;
    };

/**
 * Knows a key and counts its request in one transaction, so that the limit holds across replicas: at most `limit` requests of
 * a bucket in each minute.
 * @param bucketLimit A bucket's own limit, where it is below the key's
 */
export async function admit(database: Database, key: string, bucket: string, bucketLimit?: number): Promise<Admission> {
  if (!shape.test(key)) return { outcome: "unknown" };
  return database.transaction(everything, async (session) => {
    const { rows } = await session.query<ApiKey & { current: boolean }>(
      `SELECT ${columns}, revoked_at IS NULL AND (expires_at IS NULL OR expires_at > now()) AS current
       FROM api_keys WHERE key_hash = $1`,
      [hashOf(key)],
    );
    const found = rows[0];
    if (found === undefined) return { outcome: "unknown" };
    if (!found.current) return { outcome: "expired" };
    const limit = Math.min(found.requestsPerMinute, bucketLimit ?? Number.POSITIVE_INFINITY);
    const counted = await session.query<{ requests: number; left: number }>(
      `INSERT INTO request_counts AS c (subject, bucket, window_start, requests) VALUES ($1, $2, date_trunc('minute', now()), 1)
       ON CONFLICT (subject, bucket) DO UPDATE SET
         requests = CASE WHEN c.window_start = EXCLUDED.window_start THEN c.requests + 1 ELSE 1 END,
         window_start = EXCLUDED.window_start
       RETURNING requests, ceil(60 - extract(second FROM now()))::int AS left`,
      [found.id, bucket],
    );
    const { requests, left } = counted.rows[0] as { requests: number; left: number };
    return {
      outcome: requests > limit ? "limited" : "admitted",
      key: found,
      limit,
      remaining: Math.max(0, limit - requests),
      resetSeconds: left,
    };
  });
}
