import type { FastifyRequest } from "fastify";
import { canon, type Database, everything, insideWorld, type Scope } from "../database/types";
import { type ApiKey, admit, type Permission } from "../keys/keys";
import { Refusal } from "./problems";

declare module "fastify" {
  interface FastifyRequest {
    /** The key that the request came with; set on every route but the open ones. */
    apiKey?: ApiKey;
  }
  interface FastifyContextConfig {
    /** What a key must permit; a route without it is open. */
    permission?: Permission;
    /** Requests per minute of this route, where fewer than the key's. */
    routeLimit?: number;
    /** Counted together with the other routes of the bucket. @default "all" */
    bucket?: string;
  }
}

/** Knows the key of a request, counts it, and refuses what it does not permit. Without a key in the table nobody gets in. */
export async function authenticate(
  database: Database,
  request: FastifyRequest,
): Promise<Readonly<Record<string, string>>> {
  const { permission, routeLimit, bucket = "all" } = request.routeOptions.config;
  if (permission === undefined) return {};
  const given = keyOf(request);
  if (given === undefined)
    throw new Refusal(401, "an API key is needed: header X-API-Key", { "www-authenticate": "ApiKey" });
  const admission = await admit(database, given, bucket, routeLimit);
  if (admission.outcome === "unknown" || admission.outcome === "expired") {
    throw new Refusal(401, `the API key is ${admission.outcome === "unknown" ? "not known" : "no longer valid"}`, {
      "www-authenticate": "ApiKey",
    });
  }
  const { key, limit, remaining, resetSeconds } = admission;
  const headers = {
    "ratelimit-limit": String(limit),
    "ratelimit-remaining": String(remaining),
    "ratelimit-reset": String(resetSeconds),
  };
  if (admission.outcome === "limited") {
    throw new Refusal(429, `more than ${limit} requests in this minute`, {
      ...headers,
      "retry-after": String(resetSeconds),
    });
  }
  if (!key.permissions.includes(permission))
    throw new Refusal(403, `this key does not permit "${permission}"`, headers);
  request.apiKey = key;
  return headers;
}

function keyOf(request: FastifyRequest): string | undefined {
  const header = request.headers["x-api-key"];
  if (typeof header === "string" && header !== "") return header;
  return /^Bearer\s+(\S+)$/i.exec(request.headers.authorization ?? "")?.[1];
}

/** The world a request is about: the one it names, else the key's own. @throws Refusal for a world that is not the key's */
export function worldOf(request: FastifyRequest, named: string | undefined): string | null {
  const own = request.apiKey?.worldId ?? null;
  if (own !== null && named !== undefined && named.toLowerCase() !== own) {
    throw new Refusal(403, "this key is for another world");
  }
  return named ?? own;
}

/** What a reading request sees. */
export function readScope(request: FastifyRequest, named?: string): Scope {
  const world = worldOf(request, named);
  return world === null ? canon : insideWorld(world);
}

/** What a writing request may change: its world, or, for a key of no world that names none, the canon. */
export function writeScope(request: FastifyRequest, named?: string): Scope {
  const world = worldOf(request, named);
  return world === null ? everything : insideWorld(world);
}
