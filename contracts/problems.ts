/** A kind of refusal: its HTTP status and its title, which never change while the type is in use. */
export interface ProblemType {
  readonly status: number;
  readonly title: string;
}

/**
 * The problem types that every service may answer with (RFC 9457). A service's contract adds its own; no two of one name. A client
 * decides by `type`, never by words.
 */
export const problemTypes = {
  "invalid-request": { status: 400, title: "The request does not fit its contract" },
  "unreadable-body": { status: 400, title: "The body cannot be read" },
  "not-stored": { status: 400, title: "A value cannot be stored" },
  unauthenticated: { status: 401, title: "A valid key or token is needed" },
  forbidden: { status: 403, title: "The caller may not do this" },
  "not-found": { status: 404, title: "There is no such thing" },
  "no-such-route": { status: 404, title: "There is no such path" },
  "method-not-allowed": { status: 405, title: "The path has no such method" },
  "request-timeout": { status: 408, title: "The request did not arrive in time" },
  conflict: { status: 409, title: "The state does not allow this" },
  "already-exists": { status: 409, title: "It exists already" },
  "idempotency-key-reused": { status: 409, title: "The Idempotency-Key was used for another request" },
  "version-mismatch": { status: 412, title: "The version is another one" },
  "body-too-large": { status: 413, title: "The body is too large" },
  "uri-too-long": { status: 414, title: "The address is too long" },
  "unsupported-media-type": { status: 415, title: "The body's media type is not supported" },
  "precondition-required": { status: 428, title: "If-Match or If-None-Match is needed" },
  "too-many-requests": { status: 429, title: "Too many requests" },
  "headers-too-large": { status: 431, title: "The headers are too large" },
  internal: { status: 500, title: "Something failed here" },
  "dependency-failed": { status: 502, title: "A service behind this one failed" },
  unavailable: { status: 503, title: "Temporarily unavailable" },
  draining: { status: 503, title: "This replica is stopping" },
  "deadline-exceeded": { status: 504, title: "The deadline has passed" },
} as const satisfies Record<string, ProblemType>;

export type ProblemName = keyof typeof problemTypes;

/** The `type` of a problem on the wire. */
export function problemUri(name: string): string {
  return `urn:game-ai-platform:problem:${name}`;
}

/** A problem on the wire. */
export interface ProblemBody {
  readonly type: string;
  readonly title: string;
  readonly status: number;
  readonly detail: string;
  /** The id of the request, as in `x-request-id` and in the log. */
  readonly instance: string;
  readonly errors?: readonly { readonly path: string; readonly message: string }[];
}
