import { createHash } from "node:crypto";
import { InputError } from "../../contracts/input-error";
import { type Session, type SqlValue, sqlState, sqlStates } from "../database/types";
import type { Surroundings } from "./surroundings";

/** A property that keys of one service have beside those of all services. */
export interface KeyProperty {
  /** Column of `api_keys`, and the SQL that reads it where that is not its name alone. */
  readonly column: string;
  readonly read?: string;
  /** Option of `keys create`, as commander takes it: `--world <id>`. */
  readonly option: string;
  readonly text: string;
  /** Turns the option's text into what is stored. @throws InputError */
  readonly parse?: (text: string) => SqlValue;
  /** What the list says of a value, null included. */
  readonly show: (value: unknown) => string;
  /** What is allowed, for a value that names a row which is not there. */
  readonly known?: string;
}

/** The keys of one service. */
export interface KeyKind {
  /** What its keys begin with, before an underscore. */
  readonly prefix: string;
  /** What a key may be used for. */
  readonly scopes: readonly string[];
  /** Column that holds the scopes. @default "scopes" */
  readonly scopesColumn?: string;
  /** What the command line and its list call a scope. @default "scopes" */
  readonly scopesOption?: string;
  /** Scopes of a key that names none. @default all */
  readonly defaultScopes?: readonly string[];
  readonly properties?: Readonly<Record<string, KeyProperty>>;
}

/** A key as it is listed; the key itself is shown once, when it is made. */
export interface ApiKey {
  readonly id: string;
  readonly name: string;
  readonly scopes: readonly string[];
  readonly requestsPerMinute: number;
  readonly expiresAt: Date | null;
  readonly revokedAt: Date | null;
  readonly createdAt: Date;
  /** The service's own properties, by name. */
  readonly properties: Readonly<Record<string, unknown>>;
}

export interface NewKey {
  readonly name: string;
  readonly scopes: readonly string[];
  /** @default 300 */
  readonly requestsPerMinute?: number;
  /** ISO 8601, in the future. */
  readonly expiresAt?: string | null;
  readonly properties?: Readonly<Record<string, SqlValue>>;
}

/** Under this name go the requests of the environment's own services; no key may have it. */
export const servicesName = "services";

export const hashOf = (key: string): string => createHash("sha256").update(key).digest("hex");

/** Runs work in a transaction that sees every key. */
export type Transaction = <T>(work: (session: Session) => Promise<T>) => Promise<T>;

/** The keys of a service in its database; only their hashes are stored. */
export class KeyStore {
  readonly #columns: string;
  readonly #shape: RegExp;

  constructor(
    readonly kind: KeyKind,
    private readonly transaction: Transaction,
    private readonly around: Surroundings,
  ) {
    const own = Object.entries(kind.properties ?? {}).map(
      ([name, { column, read = column }]) => `${read} AS "property:${name}"`,
    );
    this.#columns = [
      `id, name, ${kind.scopesColumn ?? "scopes"} AS scopes, requests_per_minute AS "requestsPerMinute"`,
      `expires_at AS "expiresAt", revoked_at AS "revokedAt", created_at AS "createdAt"`,
      ...own,
    ].join(", ");
    this.#shape = new RegExp(`^${kind.prefix}_[\\w-]{43}$`);
  }

  /** False for a text that cannot be a key of this service. */
  looksRight(key: string): boolean {
    return this.#shape.test(key);
  }

  /**
   * Makes a key of 256 random bits.
   * @throws InputError for a name that is taken or not allowed, a scope that is none, a time that has passed
   */
  async create(made: NewKey): Promise<ApiKey & { readonly key: string }> {
    this.#check(made);
    const { kind, around } = this;
    const key = `${kind.prefix}_${around.random.bytes(32).toString("base64url")}`;
    const given = Object.entries(made.properties ?? {});
    const columns = [
      "name",
      "key_hash",
      kind.scopesColumn ?? "scopes",
      "requests_per_minute",
      "expires_at",
      ...given.map(([name]) => kind.properties![name]!.column),
    ];
    const values = [
      made.name,
      hashOf(key),
      made.scopes,
      made.requestsPerMinute ?? 300,
      made.expiresAt ?? null,
      ...given.map(([, value]) => value),
    ];
    const places = values.map((_, index) => `$${index + 1}`).join(", ");
    const insert = `INSERT INTO api_keys (${columns.join(", ")}) VALUES (${places}) RETURNING ${this.#columns}`;
    try {
      const { rows } = await this.transaction((session) => session.query<KeyRow>(insert, values));
      return { ...keyOf(rows[0]!), key };
    } catch (error) {
      if (sqlState(error) === sqlStates.uniqueViolation) {
        throw wrong("name", made.name, "a name that no key has", "keys create");
      }
      const missing = given.find(([name]) => kind.properties![name]!.known !== undefined);
      if (sqlState(error) === sqlStates.foreignKeyViolation && missing !== undefined) {
        const { known, option } = kind.properties![missing[0]]!;
        const flag = option.split(" ")[0]!;
        throw wrong(flag.replace(/^--/, ""), missing[1], known!, flag);
      }
      throw error;
    }
  }

  async list(): Promise<ApiKey[]> {
    const { rows } = await this.transaction((session) =>
      session.query<KeyRow>(`SELECT ${this.#columns} FROM api_keys ORDER BY created_at, id`),
    );
    return rows.map(keyOf);
  }

  /** Ends a key; replicas that know it forget it within half a minute. @throws InputError for a name that no valid key has */
  async revoke(name: string): Promise<void> {
    const { count } = await this.transaction((session) =>
      session.query("UPDATE api_keys SET revoked_at = now() WHERE name = $1 AND revoked_at IS NULL", [name]),
    );
    if (count === 0) throw wrong("name", name, "the name of a key that is valid", "keys revoke");
  }

  /** The key behind a hash, whether it is still valid or not. */
  async find(hash: string): Promise<ApiKey | undefined> {
    const { rows } = await this.transaction((session) =>
      session.query<KeyRow>(`SELECT ${this.#columns} FROM api_keys WHERE key_hash = $1`, [hash]),
    );
    return rows[0] && keyOf(rows[0]);
  }

  #check({ name, scopes, expiresAt }: NewKey): void {
    const where = "keys create";
    if (!/^[^\p{Cc}]{1,100}$/u.test(name)) {
      throw wrong("name", name, "1 to 100 characters, none of them a control character", where);
    }
    if (name === servicesName) {
      throw wrong("name", name, `another name: ${servicesName} are the environment's own`, where);
    }
    const option = this.kind.scopesOption ?? "scopes";
    const unknown = scopes.find((scope) => !this.kind.scopes.includes(scope));
    if (unknown !== undefined || scopes.length === 0) {
      throw wrong(option, unknown, this.kind.scopes.join(", "), `--${option}`);
    }
    if (expiresAt != null) readExpiry(expiresAt, this.around.clock.now());
  }
}

/**
 * Reads the time at which a key shall end.
 * @param now Milliseconds since 1970.
 * @throws InputError for what is no time, or one that has passed: the key would never work
 */
export function readExpiry(text: string, now: number): string {
  const shaped = /^\d{4}-\d{2}-\d{2}(T[\d:.]+(Z|[+-]\d{2}:\d{2}))?$/.test(text);
  const at = shaped ? Date.parse(text) : Number.NaN;
  if (at > now) return new Date(at).toISOString();
  throw wrong("expires", text, "a time to come, such as 2027-01-31 or 2027-01-31T12:00:00Z", "--expires");
}

type KeyRow = Omit<ApiKey, "properties"> & Readonly<Record<string, unknown>>;

function keyOf(row: KeyRow): ApiKey {
  const { id, name, scopes, requestsPerMinute, expiresAt, revokedAt, createdAt } = row;
  const own = Object.entries(row).flatMap(([column, value]) => {
    const property = /^property:(.*)$/.exec(column)?.[1];
    return property === undefined ? [] : [[property, value] as const];
  });
  const properties = Object.fromEntries(own);
  return { id, name, scopes, requestsPerMinute, expiresAt, revokedAt, createdAt, properties };
}

function wrong(path: string, given: unknown, allowed: string, where: string): InputError {
  return new InputError({ path, given, allowed, where });
}
