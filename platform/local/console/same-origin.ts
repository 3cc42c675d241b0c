import type { IncomingMessage } from "node:http";
import { RequestError } from "../../../runtime/openai/errors";

/** Sent with every answer. The page runs its own script and nothing else, is in no frame, and makes no markup of text. */
export const securityHeaders: Readonly<Record<string, string>> = {
  "content-security-policy": [
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    "img-src 'self'",
    "connect-src 'self'",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
    "require-trusted-types-for 'script'",
    "trusted-types 'none'",
  ].join("; "),
  "cache-control": "no-store",
  "cross-origin-opener-policy": "same-origin",
  "cross-origin-resource-policy": "same-origin",
  "referrer-policy": "no-referrer",
  "x-content-type-options": "nosniff",
};

/** Names of this machine, at any port: the console may be looked at through a forwarded one. */
const ownHost = /^(127\.0\.0\.1|localhost)(:\d{1,5})?$/;

/**
 * Refuses what another site's page has a browser send: a name of its own that it has pointed at this machine (DNS rebinding), or
 * a request from its origin. What carries a body must be JSON, which no form of another site can send.
 * @throws RequestError 403 or 415
 */
export function refuseStrangers({ headers, method }: IncomingMessage): void {
  const { host = "", origin } = headers;
  if (!ownHost.test(host)) {
    throw new RequestError(403, "The Host header must be 127.0.0.1 or localhost, with the port that is listened at.");
  }
  if (origin !== undefined && origin !== `http://${host}`) {
    throw new RequestError(403, "The Origin header must be the console's own.");
  }
  const type = headers["content-type"]?.split(";")[0]?.trim();
  if (method === "POST" && type !== "application/json") {
    throw new RequestError(415, "The content type of a POST must be application/json.");
  }
}
