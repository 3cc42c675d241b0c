import { timingSafeEqual } from "node:crypto";
import type { IncomingHttpHeaders } from "node:http";
import { LRUCache } from "lru-cache";
import type { Who } from "../../contracts/services/define";
import { within } from "../within";
import { type ApiKey, hashOf, type KeyStore, servicesName } from "./keys";
import type { PlayerTokens } from "./players";
import { problem, refused, unavailable } from "./problems";

/** Who asks. */
export type Caller =
  | { readonly kind: "anyone"; readonly id: "anyone" }
  /** A player or an operator of the studio's issuer; `id` is the token's subject. */
  | { readonly kind: "player" | "operator"; readonly id: string; readonly expiresAt: number }
  /** A service of the environment, or a program with an API key; `id` is the key's name. */
  | { readonly kind: "service"; readonly id: string; readonly scopes: readonly string[]; readonly key?: ApiKey };

export const anyone: Caller = { kind: "anyone", id: "anyone" };

const rememberMs = 30_000;
const rememberMost = 10_000;
/** Milliseconds that a look-up may take, and those after which a key is looked up again whose look-up failed. */
const lookUpMs = 1_000;
const againMs = 5_000;
const unknown = Symbol("unknown");

export interface CallerSources {
  /** Absent where the service has no database: then only the environment's own key is known. */
  readonly keys?: Pick<KeyStore, "find" | "looksRight">;
  /** The key that the environment's services send. */
  readonly ownKey?: string;
  readonly scopes: readonly string[];
  /** Absent where no issuer is configured: then no token is taken. */
  readonly players?: PlayerTokens;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  /** Milliseconds that a key is remembered, known or unknown: how long a revoked one may still be let in. @default 30000 */
  readonly rememberMs?: number;
}

/** Knows callers; keys with one look-up per key and half a minute. While the database is away, those that it knew go on. */
export class Callers {
  readonly #remembered: LRUCache<string, ApiKey | typeof unknown>;
  readonly #lookUps = new Map<string, Promise<ApiKey | undefined>>();
  readonly #ownHash: Buffer | undefined;
  readonly #services: Caller;

  constructor(private readonly sources: CallerSources) {
    const ttl = sources.rememberMs ?? rememberMs;
    this.#remembered = new LRUCache({ max: rememberMost, ttl, allowStale: true, noDeleteOnStaleGet: true });
    this.#ownHash = sources.ownKey === undefined ? undefined : Buffer.from(hashOf(sources.ownKey));
    this.#services = { kind: "service", id: servicesName, scopes: sources.scopes };
  }

  /**
   * @param who Who may call.
   * @throws Problem 401 for no key or token, a wrong or an expired one; 403 for a caller that is not among them; 503 while keys cannot
   * be looked up
   */
  async identify(headers: IncomingHttpHeaders, who: readonly Who[]): Promise<Caller> {
    if (who.includes("anyone")) return anyone;
    const given = credentialOf(headers);
    if (given === undefined) throw refused("send a key in X-API-Key, or a key or token as Authorization: Bearer");
    return isToken(given) ? this.#player(given, who) : this.#service(given, who);
  }

  /** True for a request with the key of the environment's own services, which no limit is for. */
  isFromServices(headers: IncomingHttpHeaders): boolean {
    const given = credentialOf(headers);
    return given !== undefined && this.#isOwn(hashOf(given));
  }

  #isOwn(hash: string): boolean {
    return this.#ownHash !== undefined && timingSafeEqual(this.#ownHash, Buffer.from(hash));
  }

  async #player(token: string, who: readonly Who[]): Promise<Caller> {
    const { players } = this.sources;
    if (players === undefined) throw refused("tokens are not taken here: no issuer is configured");
    const { subject, operator, expiresAt } = await players.verify(token);
    if (operator && who.includes("operator")) return { kind: "operator", id: subject, expiresAt };
    if (who.includes("player")) return { kind: "player", id: subject, expiresAt };
    throw problem("forbidden", who.includes("operator") ? "this is for operators" : "this is not for players");
  }

  async #service(given: string, who: readonly Who[]): Promise<Caller> {
    const hash = hashOf(given);
    const caller = this.#isOwn(hash) ? this.#services : await this.#byKey(given, hash);
    const wanted = who.flatMap((each) => (each.startsWith("service") ? [each.slice("service:".length)] : []));
    if (wanted.length === 0) throw problem("forbidden", "this is not for services");
    const { scopes } = caller as Extract<Caller, { kind: "service" }>;
    if (wanted.some((scope) => scope === "" || scopes.includes(scope))) return caller;
    throw problem("forbidden", `this key does not permit "${wanted.join('" or "')}"`);
  }

  async #byKey(given: string, hash: string): Promise<Caller> {
    const { keys, now } = this.sources;
    const key = keys?.looksRight(given) ? await this.#find(keys, hash) : undefined;
    if (key === undefined || key.revokedAt !== null) throw refused("the key is not known");
    if ((key.expiresAt?.getTime() ?? Number.POSITIVE_INFINITY) <= now()) throw refused("the key is no longer valid");
    return { kind: "service", id: key.name, scopes: key.scopes, key };
  }

  async #find(keys: Pick<KeyStore, "find">, hash: string): Promise<ApiKey | undefined> {
    const fresh = this.#remembered.getRemainingTTL(hash) > 0;
    const remembered = this.#remembered.get(hash);
    if (remembered !== undefined && fresh) return remembered === unknown ? undefined : remembered;
    try {
      return await this.#lookUp(keys, hash);
    } catch {
      if (remembered !== undefined && remembered !== unknown) {
        // Not every request waits for a database that is away.
        this.#remembered.set(hash, remembered, { ttl: againMs });
        return remembered;
      }
      throw unavailable("keys cannot be looked up now; try again");
    }
  }

  /** Requests of one key that come together share a look-up. */
  #lookUp(keys: Pick<KeyStore, "find">, hash: string): Promise<ApiKey | undefined> {
    let lookUp = this.#lookUps.get(hash);
    if (lookUp === undefined) {
      lookUp = within(lookUpMs, keys.find(hash))
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

/**
 * Lets a player touch its own things only; services and operators may touch anybody's.
 * @throws Problem 403
 */
export function requireOwn(caller: Caller, player: string): void {
  if (caller.kind === "service" || caller.kind === "operator") return;
  if (caller.kind === "player" && caller.id === player) return;
  throw problem("forbidden", "these are another player's things");
}

function credentialOf(headers: IncomingHttpHeaders): string | undefined {
  const header = headers["x-api-key"];
  if (typeof header === "string" && header !== "") return header;
  return /^Bearer\s+(\S+)$/i.exec(headers.authorization ?? "")?.[1];
}

/** A JWT has three parts between dots; no key has a dot. */
const isToken = (credential: string): boolean => /^[\w-]+\.[\w-]+\.[\w-]+$/.test(credential);
