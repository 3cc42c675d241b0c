import { InputError } from "../../contracts/input-error";
import {
  type ProblemBody,
  type ProblemName,
  type ProblemType,
  problemTypes,
  problemUri,
} from "../../contracts/problems";
import { DatabaseUnavailable, sqlState, sqlStates } from "../database/types";

type Headers = Readonly<Record<string, string>>;

export interface ProblemDetails {
  readonly errors?: ProblemBody["errors"];
  readonly headers?: Headers;
  /** What the log is told beside it. */
  readonly cause?: unknown;
}

/** A refusal of the service: what it is by its type, and in words for this request. Never put a secret into `detail`. */
export class Problem extends Error {
  override readonly name = "Problem";
  readonly errors: ProblemBody["errors"];
  readonly headers: Headers;

  /** @param problem Its name and type. */
  constructor(
    readonly problem: { readonly name: string } & ProblemType,
    detail: string,
    { errors, headers = {}, cause }: ProblemDetails = {},
  ) {
    super(detail, { cause });
    this.errors = errors;
    this.headers = headers;
  }

  get status(): number {
    return this.problem.status;
  }
}

/** A problem of a type that every service has. */
export function problem(name: ProblemName, detail: string, details?: ProblemDetails): Problem {
  return new Problem({ name, ...problemTypes[name] }, detail, details);
}

/**
 * Problems of a contract's own types: `const refuse = problemsOf(contract)`, then `throw refuse("version-unknown", "...")`.
 * @returns A function that makes one.
 */
export function problemsOf<Types extends Readonly<Record<string, ProblemType>>>({ problems }: { problems: Types }) {
  return (name: keyof Types & string, detail: string, details?: ProblemDetails): Problem =>
    new Problem({ name, ...problems[name]! }, detail, details);
}

/** There is no such thing, or not for this caller; the two are not told apart. */
export const notFound = (what: string): Problem => problem("not-found", `no such ${what}`);

/** SQLSTATEs of values that a column refuses: a null character, text that is not UTF-8, a date or number out of range. */
const notStorable: ReadonlySet<string> = new Set([
  "22P05",
  "22021",
  "22008",
  "22003",
  "22P02",
  sqlStates.checkViolation,
]);
/** A statement that took too long, or a lock that was not to be had in time. */
const tooSlow: ReadonlySet<string> = new Set(["57014", "55P03"]);

/** What any failure tells the caller: nothing of the database, of others or of the program's inside. */
export function toProblem(error: unknown): Problem {
  if (error instanceof Problem) return error;
  if (InputError.isInstance(error)) return problem("invalid-request", error.message);
  if (error instanceof DatabaseUnavailable) return unavailable("the database cannot be reached; try again");
  const state = sqlState(error);
  if (state !== undefined && notStorable.has(state)) {
    return problem("not-stored", "a null character, a time or a number out of range, or a value beyond its limits");
  }
  if (state !== undefined && tooSlow.has(state)) return unavailable("the database is too busy; try again");
  if (state === sqlStates.insufficientPrivilege) return problem("forbidden", "the caller may not change that");
  return ofFramework(error) ?? problem("internal", "something failed here; the request id finds it in the log");
}

/** @param seconds After which a caller may try again. @param cause What the log is told. */
export function unavailable(detail: string, seconds = 2, cause?: unknown): Problem {
  return problem("unavailable", detail, { headers: { "retry-after": String(seconds) }, cause });
}

/** A caller without a key or token that is to be believed. */
export function refused(detail: string): Problem {
  return problem("unauthenticated", detail, { headers: { "www-authenticate": "Bearer" } });
}

/** What the HTTP framework refuses before a handler runs. */
function ofFramework(error: unknown): Problem | undefined {
  const { statusCode, message = "" } = error as { statusCode?: number; message?: string };
  const { code } = error as { code?: string };
  if (code === "FST_ERR_BAD_URL")
    return problem("invalid-request", "the address is not valid: it has a % that begins no character");
  if (statusCode === 413) return problem("body-too-large", message);
  if (statusCode === 414) return problem("uri-too-long", message);
  if (statusCode === 415) return problem("unsupported-media-type", message);
  if (statusCode !== undefined && statusCode >= 400 && statusCode < 500) return problem("unreadable-body", message);
  return undefined;
}

/** The problem as it goes over the wire. */
export function bodyOf({ problem: { name, title, status }, message, errors }: Problem, requestId: string): ProblemBody {
  return {
    type: problemUri(name),
    title,
    status,
    detail: message,
    instance: requestId,
    ...(errors === undefined ? {} : { errors }),
  };
}

export const problemMediaType = "application/problem+json";
