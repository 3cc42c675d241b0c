import type { FastifyRequest } from "fastify";
import type { Expected } from "../items/errors";

/** What a request's `If-Match` names: entity tags without their quotes. A weak tag matches nothing, `*` everything that is there. */
export function expectedOf(request: FastifyRequest): Expected {
  const match = request.headers["if-match"];
  if (match === undefined || match.trim() === "*") return undefined;
  return match.split(",").flatMap((tag) => /^"([^"]*)"$/.exec(tag.trim())?.[1] ?? []);
}

/** The `ETag` of a version. */
export const tagOf = (version: number | string) => `"${version}"`;
