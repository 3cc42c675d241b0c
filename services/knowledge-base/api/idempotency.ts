import { createHash } from "node:crypto";
import type { FastifyRequest } from "fastify";
import { InputError } from "../../../contracts/input-error";
import { type Once, once } from "../items/once";

/**
 * What a request's `Idempotency-Key` asks for: a repeat is answered as the first one was, and changes nothing.
 * @throws InputError for a key that is not 1 to 200 visible characters
 */
export function onceOf<Answer>(request: FastifyRequest, worldId: string | null): Once<Answer> | undefined {
  const key = request.headers["idempotency-key"];
  if (key === undefined) return undefined;
  if (typeof key !== "string" || !/^[\x21-\x7e]{1,200}$/.test(key)) {
    throw new InputError({ path: "Idempotency-Key", given: key, allowed: "1 to 200 visible ASCII characters" });
  }
  const asked = JSON.stringify([request.method, request.routeOptions.url, request.params, request.body]);
  return once(request.apiKey?.id ?? "", key, worldId, createHash("sha256").update(asked).digest("base64url"));
}
