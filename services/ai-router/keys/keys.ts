import { createHash, randomBytes } from "node:crypto";
import { InputError } from "../../../contracts/input-error";
import { sqlState, sqlStates } from "../../../runtime/database/types";
import { inTransaction, type RouterDatabase } from "../database";

/** What a key may be used for: answers of a model, or vectors. */
export const scopes = ["generate", "embed"] as const;
export type Scope = (typeof scopes)[number];

/** A key as it is listed; the key itself is shown once, when it is made. */
export interface ApiKey {
  readonly id: string;
  readonly name: string;
  readonly scopes: readonly Scope[];
  readonly requestsPerMinute: number;
  /** Prompt and answer together, per UTC day; null is no budget. */
  readonly tokensPerDay: number | null;
  readonly expiresAt: Date | null;
  readonly revokedAt: Date | null;
  readonly createdAt: Date;
}

export interface NewKey {
  readonly name: string;
  readonly scopes: readonly Scope[];
  readonly requestsPerMinute: number;
  readonly tokensPerDay: number | null;
  /** ISO 8601. */
  readonly expiresAt: string | null;
}

const columns = `id, name, scopes, requests_per_minute AS "requestsPerMinute",
  tokens_per_day::float8 AS "tokensPerDay", expires_at AS "expiresAt", revoked_at AS "revokedAt", created_at AS "createdAt"`;

/** How a key looks; anything else is refused without a look-up. */
export const keyShape = /^air_[\w-]{43}$/;

export const hashOf = (key: string): string => createHash("sha256").update(key).digest("hex");

/** Under this name go the requests of the environment's own services; a key of it would be given their characters. */
export const servicesName = "services";

/** Makes a key of 256 random bits; only its hash is stored. @throws InputError for a name that is taken */
export async function createKey(database: RouterDatabase, made: NewKey): Promise<ApiKey & { readonly key: string }> {
  if (made.name === servicesName) {
    const allowed = `another name: ${servicesName} are the environment's own`;
    throw new InputError({ path: "name", given: made.name, allowed, where: "keys create" });
  }
  const key = `air_${randomBytes(32).toString("base64url")}`;
  const values = [made.name, hashOf(key), made.scopes, made.requestsPerMinute, made.tokensPerDay, made.expiresAt];
  try {
    const { rows } = await inTransaction(database, (session) =>
      session.query<ApiKey>(
        `INSERT INTO api_keys (name, key_hash, scopes, requests_per_minute, tokens_per_day, expires_at)
         VALUES ($1, $2, $3, $4, $5, $6) RETURNING ${columns}`,
        values,
      ),
    );
    return { ...rows[0]!, key };
  } catch (error) {
    if (sqlState(error) !== sqlStates.uniqueViolation) throw error;
    const allowed = "a name that no key has; one that was revoked may be given again";
    throw new InputError({ path: "name", given: made.name, allowed, where: "keys create" });
  }
}

export async function listKeys(database: RouterDatabase): Promise<ApiKey[]> {
  const { rows } = await inTransaction(database, (session) =>
    session.query<ApiKey>(`SELECT ${columns} FROM api_keys ORDER BY created_at, id`),
  );
  return rows;
}

/** Ends a key; replicas that know it forget it within half a minute. @throws InputError for a name that no valid key has */
export async function revokeKey(database: RouterDatabase, name: string): Promise<void> {
  const { count } = await inTransaction(database, (session) =>
    session.query("UPDATE api_keys SET revoked_at = now() WHERE name = $1 AND revoked_at IS NULL", [name]),
  );
  if (count > 0) return;
  throw new InputError({ path: "name", given: name, allowed: "the name of a key that is valid", where: "keys revoke" });
}

/** The key behind a hash, whether it is still valid or not. */
export async function findKey(database: RouterDatabase, hash: string): Promise<ApiKey | undefined> {
  const { rows } = await inTransaction(database, (session) =>
    session.query<ApiKey>(`SELECT ${columns} FROM api_keys WHERE key_hash = $1`, [hash]),
  );
  return rows[0];
}
