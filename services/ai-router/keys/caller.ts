import { timingSafeEqual } from "node:crypto";
import type { IncomingHttpHeaders } from "node:http";
import { LRUCache } from "lru-cache";
import { RequestError } from "../../../runtime/openai/errors";
import { within } from "../../../runtime/within";
import type { RouterDatabase } from "../database";
import { type ApiKey, findKey, hashOf, keyShape, type Scope, scopes, servicesName } from "./keys";
import type { Limited } from "./limits";

/** Who asks. */
export interface Caller {
  /** Name of the key; characters, counts and history belong to it. */
  readonly name: string;
  readonly scopes: readonly Scope[];
  /** Absent for the environment's own services. */
  readonly limited?: Limited;
}

const rememberMs = 30_000;
const rememberMost = 10_000;
/** Milliseconds that a look-up may take, and those after which a key is looked up again whose look-up failed. */
const lookUpMs = 1_000;
const againMs = 5_000;
const unknown = Symbol("unknown");

const services: Caller = { name: servicesName, scopes };

/** Knows keys, with one look-up per key and half a minute; while the database is away, those it knew go on. */
export class Callers {
  readonly #remembered: LRUCache<string, ApiKey | typeof unknown>;
  readonly #lookUps = new Map<string, Promise<ApiKey | undefined>>();
  readonly #ownHash: Buffer | undefined;

  /**
   * @param ownKey The key that the environment's services send.
   * @param ttl Milliseconds that a key is remembered, known or unknown: how long a revoked one may still be let in.
   */
  constructor(
    private readonly database: RouterDatabase | undefined,
    ownKey: string | undefined,
    ttl = rememberMs,
  ) {
    this.#remembered = new LRUCache({ max: rememberMost, ttl, allowStale: true, noDeleteOnStaleGet: true });
    this.#ownHash = ownKey === undefined ? undefined : Buffer.from(hashOf(ownKey));
  }

  /**
   * @param scope What the key is wanted for; any valid key does where nothing is named.
   * @throws RequestError 401 for no key, a wrong, an expired or a revoked one; 403 for one without the scope
   */
  async identify(headers: IncomingHttpHeaders, scope?: Scope): Promise<Caller> {
    const given = keyOf(headers);
    if (given === undefined)
      throw refused("You did not provide an API key: send it as a bearer token or in X-API-Key.");
    const hash = hashOf(given);
    if (this.#ownHash && timingSafeEqual(this.#ownHash, Buffer.from(hash))) return services;
    const key = keyShape.test(given) ? await this.#find(hash) : undefined;
    const over = key !== undefined && (key.revokedAt !== null || (key.expiresAt?.getTime() ?? Infinity) <= Date.now());
    if (key === undefined || over) throw refused("Incorrect API key provided.");
    if (scope !== undefined && !key.scopes.includes(scope)) {
      throw new RequestError(
        403,
        `This key does not permit "${scope}".`,
        null,
        "insufficient_scope",
        "permission_error",
      );
    }
    return { name: key.name, scopes: key.scopes, limited: key };
  }

  async #find(hash: string): Promise<ApiKey | undefined> {
    const fresh = this.#remembered.getRemainingTTL(hash) > 0;
    const remembered = this.#remembered.get(hash);
    if (remembered !== undefined && fresh) return remembered === unknown ? undefined : remembered;
    if (this.database === undefined) return undefined;
    try {
      return await this.#lookUp(this.database, hash);
    } catch {
      if (remembered !== undefined && remembered !== unknown) {
        // Not every request waits for a database that is away.
        this.#remembered.set(hash, remembered, { ttl: againMs });
        return remembered;
      }
      const message = "Keys cannot be looked up now; try again.";
      throw new RequestError(503, message, null, "keys_unavailable", "service_unavailable");
    }
  }

  /** Requests of one key that come together share a look-up. */
  #lookUp(database: RouterDatabase, hash: string): Promise<ApiKey | undefined> {
    let lookUp = this.#lookUps.get(hash);
    if (lookUp === undefined) {
      lookUp = within(lookUpMs, findKey(database, hash))
        .then((found) => {
          this.#remembered.set(hash, found ?? unknown);
          return found;
        })
        .finally(() => this.#lookUps.delete(hash));
      this.#lookUps.set(hash, lookUp);
    }
    return lookUp;
  }
}

function keyOf(headers: IncomingHttpHeaders): string | undefined {
  const header = headers["x-api-key"];
  if (typeof header === "string" && header !== "") return header;
  return /^Bearer\s+(\S+)$/i.exec(headers.authorization ?? "")?.[1];
}

function refused(message: string): RequestError {
  return new RequestError(401, message, null, "invalid_api_key", "authentication_error");
}
