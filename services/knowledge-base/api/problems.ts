import { randomUUID } from "node:crypto";
import type { Socket } from "node:net";
import type { FastifyError, FastifyReply, FastifyRequest } from "fastify";
import { InputError } from "../../../contracts/input-error";
import { DatabaseUnavailable, sqlState, sqlStates } from "../database/types";
import { EmbeddingFailed } from "../embedders/embedder";
import { Conflict, NotFound, OtherVersion } from "../items/errors";

/** RFC 9457. `type` is about:blank, so `title` is the status in words. */
export interface Problem {
  readonly type: "about:blank";
  readonly title: string;
  readonly status: number;
  readonly detail: string;
  readonly instance: string;
  readonly errors?: readonly { readonly path: string; readonly message: string }[];
}

const titles: Readonly<Record<number, string>> = {
  400: "Bad Request",
  401: "Unauthorized",
  403: "Forbidden",
  404: "Not Found",
  405: "Method Not Allowed",
  409: "Conflict",
  408: "Request Timeout",
  412: "Precondition Failed",
  413: "Content Too Large",
  414: "URI Too Long",
  415: "Unsupported Media Type",
  422: "Unprocessable Content",
  429: "Too Many Requests",
  431: "Request Header Fields Too Large",
  500: "Internal Server Error",
  503: "Service Unavailable",
};

/** A refusal with a status of its own. */
export class Refusal extends Error {
  constructor(
    readonly status: 401 | 403 | 405 | 412 | 422 | 429,
    message: string,
    readonly headers: Readonly<Record<string, string>> = {},
  ) {
    super(message);
  }
}

/** What an error tells the caller: nothing of the database, of other worlds or of this program's inside. */
export function describeError(error: unknown): { status: number; detail: string; errors?: Problem["errors"] } {
  if (error instanceof Refusal) return { status: error.status, detail: error.message };
  if (InputError.isInstance(error)) return { status: 400, detail: error.message };
  if (error instanceof NotFound) return { status: 404, detail: error.message };
  if (error instanceof OtherVersion) return { status: 412, detail: error.message };
  if (error instanceof Conflict) return { status: 409, detail: error.message };
  if (error instanceof DatabaseUnavailable) return { status: 503, detail: "the database cannot be reached; try again" };
  if (error instanceof EmbeddingFailed) return { status: 503, detail: "the embedder gives no answer; try again" };
  const state = sqlState(error);
  if (state === sqlStates.insufficientPrivilege) return { status: 403, detail: "this key may not change that" };
  // 22P05, 22021: a character that PostgreSQL text cannot hold; 23514: a value that a check refuses; 22008: a date out of range.
  if (state !== undefined && ["22P05", "22021", "22008", "22P02", sqlStates.checkViolation].includes(state)) {
    return {
      status: 400,
      detail: "a value cannot be stored: a null character, a date out of range, or a value beyond its limits",
    };
  }
  const known = error as Partial<FastifyError>;
  if (known.validation !== undefined) {
    const errors = known.validation.map(({ instancePath, message, params }) => ({
      path: `${known.validationContext ?? "body"}${instancePath}`,
      message: `${message ?? "is not allowed"}${"additionalProperty" in params ? `: ${String(params.additionalProperty).slice(0, 60)}` : ""}`,
    }));
    return { status: 400, detail: "the request does not fit its schema", errors };
  }
  const status = known.statusCode ?? 500;
  return status >= 400 && status < 500
    ? { status, detail: known.message ?? "the request cannot be served" }
    : { status: 500, detail: "something failed here; the request id finds it in the log" };
}

/** Answers with problem+json. */
export function sendProblem(request: FastifyRequest, reply: FastifyReply, error: unknown): FastifyReply {
  const { status, detail, errors } = describeError(error);
  if (status >= 500) request.log.error({ err: error }, "request failed");
  if (error instanceof Refusal) reply.headers(error.headers);
  if (status === 503) reply.header("retry-after", "2");
  const problem = problemOf(status, detail, request.id, errors);
  return reply.code(status).type(problemType).send(JSON.stringify(problem));
}

const problemType = "application/problem+json";

function problemOf(status: number, detail: string, instance: string, errors?: Problem["errors"]): Problem {
  const title = titles[status] ?? "Error";
  return { type: "about:blank", title, status, detail, instance, ...(errors === undefined ? {} : { errors }) };
}

/** What Node's HTTP parser refuses, so that no request is there to answer. */
const unreadable: Readonly<Record<string, { status: number; detail: string }>> = {
  HPE_HEADER_OVERFLOW: { status: 431, detail: "the request's line and headers are larger than 16 KiB" },
  ERR_HTTP_REQUEST_TIMEOUT: { status: 408, detail: "the request did not arrive in time" },
};

/** Answers a connection whose request cannot be read, and ends it. */
export function refuseConnection(error: NodeJS.ErrnoException, socket: Socket): void {
  if (error.code === "ECONNRESET" || !socket.writable) {
    socket.destroy();
    return;
  }
  const { status, detail } = unreadable[error.code ?? ""] ?? { status: 400, detail: "the request is not valid HTTP" };
  const body = JSON.stringify(problemOf(status, detail, randomUUID()));
  socket.end(
    [
      `HTTP/1.1 ${status} ${titles[status]}`,
      `content-type: ${problemType}`,
      `content-length: ${Buffer.byteLength(body)}`,
      "connection: close",
      "",
      body,
    ].join("\r\n"),
  );
}
