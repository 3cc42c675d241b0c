import type { IncomingHttpHeaders } from "node:http";
import type { RouteContract } from "../../contracts/services/define";
import { problem } from "./problems";

/** What a write asks of the document that it changes. */
export interface Precondition {
  /** `If-Match`: entity tags without their quotes, one of which the document must have; or any. A weak tag is none of them. */
  readonly match?: readonly string[] | "any";
  /** `If-None-Match: *`: there must be no document yet. */
  readonly absent: boolean;
}

/** The strong entity tag of a version: its number, or the id of what the document stands at. */
export const etagOf = (version: number | string): string => `"${version}"`;

/**
 * Reads what a request asks of a document's version.
 * @throws Problem 428 where the route needs a precondition and there is none, 400 for one that cannot be read
 */
export function preconditionOf(headers: IncomingHttpHeaders, route: Pick<RouteContract, "precondition">): Precondition {
  const match = headers["if-match"];
  const noneMatch = headers["if-none-match"];
  if (route.precondition === undefined) return { absent: false };
  if (match === undefined && noneMatch === undefined) {
    if (route.precondition === "accepted") return { absent: false };
    throw problem("precondition-required", 'send If-Match: "VERSION" for a change, or If-None-Match: * for a new one');
  }
  if (noneMatch !== undefined) {
    if (noneMatch.trim() !== "*" || match !== undefined) {
      throw problem("invalid-request", "a write takes If-Match, or If-None-Match with *");
    }
    return { absent: true };
  }
  if (match!.trim() === "*") return { match: "any", absent: false };
  return { match: match!.split(",").flatMap((tag) => /^"([^"]*)"$/.exec(tag.trim())?.[1] ?? []), absent: false };
}

/**
 * Holds a document against what a write asks. Do it inside the write's transaction, on a row that is locked, or let the write itself
 * name the version (`WHERE version = $n`) and call this when it touched no row.
 * @param version The document's; undefined where there is none.
 * @throws Problem 412 with the present version as `ETag`
 */
export function checkVersion({ match, absent }: Precondition, version: number | string | undefined): void {
  const fits = absent
    ? version === undefined
    : match === undefined || (version !== undefined && (match === "any" || match.includes(String(version))));
  if (fits) return;
  const now = version === undefined ? "there is none" : `it is ${version} now`;
  throw problem("version-mismatch", absent ? `it exists already: ${now}` : `the version is another one: ${now}`, {
    headers: version === undefined ? undefined : { etag: etagOf(version) },
  });
}

/** True where a reader already has this version: the answer is 304. */
export function isKnown(headers: IncomingHttpHeaders, etag: string | undefined): boolean {
  const given = headers["if-none-match"];
  if (given === undefined || etag === undefined) return false;
  return given.split(",").some((each) => each.trim().replace(/^W\//, "") === etag || each.trim() === "*");
}
