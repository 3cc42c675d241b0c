import type { z } from "zod";
import type { ProblemBody } from "../../contracts/problems";
import { problemUri } from "../../contracts/problems";
import {
  type AnswerContract,
  isRawAnswer,
  type RawAnswer,
  type RouteContract,
  type ServiceContract,
} from "../../contracts/services/define";
import { currentCall } from "./context";
import { deadlineHeader } from "./deadlines";
import { type Surroundings, sleep } from "./surroundings";
import { traceHeaders } from "./tracing";

type Input<Schema> = Schema extends z.ZodType ? z.input<Schema> : never;
type Part<Route, Name extends "params" | "query" | "body"> = Route extends { readonly [Key in Name]: z.ZodType }
  ? Record<never, never> extends Input<Route[Name]>
    ? { readonly [Key in Name]?: Input<Route[Name]> }
    : { readonly [Key in Name]: Input<Route[Name]> }
  : Record<never, never>;

/** What a call says beside its route. */
export interface CallOptions {
  /** Sent again, the write has no second effect; it makes a write safe to retry. */
  readonly idempotencyKey?: string;
  /** Version that the document must have. */
  readonly ifMatch?: number | string;
  /** There must be no document yet. */
  readonly ifAbsent?: boolean;
  readonly requestId?: string;
  readonly signal?: AbortSignal;
  /**
   * Milliseconds that the answer may take; it is told the service. Inside a handler never more than its own caller waits.
   * @default those of the route
   */
  readonly deadlineMs?: number;
  readonly headers?: Readonly<Record<string, string>>;
}

export type Arguments<Route extends RouteContract> = Part<Route, "params"> &
  Part<Route, "query"> &
  Part<Route, "body"> &
  CallOptions;

type Body<Answer extends AnswerContract> = Answer extends z.ZodType
  ? z.output<Answer>
  : Answer extends RawAnswer
    ? ReadableStream<Uint8Array>
    : undefined;

/** An answer of 2xx. */
export interface ClientAnswer<Route extends RouteContract = RouteContract> {
  readonly status: number;
  readonly body: {
    [Status in keyof Route["answers"]]: Route["answers"][Status] extends AnswerContract
      ? Body<Route["answers"][Status]>
      : never;
  }[keyof Route["answers"]];
  /** Version of the document, from its `ETag`. */
  readonly version: number | undefined;
  readonly headers: Headers;
}

type Method<Route extends RouteContract> =
  Record<never, never> extends Arguments<Route>
    ? (given?: Arguments<Route>) => Promise<ClientAnswer<Route>>
    : (given: Arguments<Route>) => Promise<ClientAnswer<Route>>;

/** A typed client: a method for each route of the contract. */
export type Client<Contract extends ServiceContract> = {
  readonly [Name in keyof Contract["routes"]]: Method<Contract["routes"][Name]>;
};

/** A service answered with a problem, or not at all. */
export class CallFailed extends Error {
  override readonly name = "CallFailed";
  constructor(
    readonly service: string,
    /** 0: there was no answer. */
    readonly status: number,
    message: string,
    readonly problem?: ProblemBody,
    readonly retryAfterMs?: number,
  ) {
    super(`${service}: ${message}`);
  }

  /** True where the problem is of this name (contracts/problems.ts, or the service's contract). */
  is(name: string): boolean {
    return this.problem?.type === problemUri(name);
  }
}

export interface ClientTarget {
  /** `http://HOST:PORT`. */
  readonly url: string;
  /** The key that the service takes from others; absent for routes that take none. */
  readonly key?: string;
  readonly around: Pick<Surroundings, "fetch" | "timers" | "random">;
}

const defaultDeadlineMs = 15_000;
const tries = 3;
/** Milliseconds before the second try; doubled for the third, half of it by chance. */
const againMs = 50;
const mostRetryAfterMs = 1_000;
/** Statuses of a service that took no decision. */
const passing: ReadonlySet<number> = new Set([0, 502, 503, 504]);

/**
 * A client of a contract. Each call ends within its deadline, which the service is told. What may be sent twice is tried again when the
 * service is away: reads, and writes with an Idempotency-Key; nothing else ever is.
 */
export function clientOf<const Contract extends ServiceContract>(
  contract: Contract,
  target: ClientTarget,
): Client<Contract> {
  const methods = Object.entries(contract.routes).map(([name, route]) => [
    name,
    (given: LooseArguments = {}) => call(contract.name, route, target, given),
  ]);
  return Object.fromEntries(methods) as Client<Contract>;
}

interface LooseArguments extends CallOptions {
  readonly params?: Readonly<Record<string, unknown>>;
  readonly query?: Readonly<Record<string, unknown>>;
  readonly body?: unknown;
}

async function call(service: string, route: RouteContract, target: ClientTarget, given: LooseArguments) {
  const within = currentCall();
  const own = given.signal ?? within?.signal;
  const wanted =
    given.deadlineMs ?? (route.answerSeconds === undefined ? defaultDeadlineMs : route.answerSeconds * 1000);
  const ms = Math.min(wanted, within?.leftMs() ?? Number.POSITIVE_INFINITY);
  const retriable = route.method === "GET" || given.idempotencyKey !== undefined;
  const limit = AbortSignal.timeout(ms);
  const signal = own === undefined ? limit : AbortSignal.any([limit, own]);
  const end = performance.now() + ms;
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await once(service, route, target, given, signal, Math.max(1, Math.floor(end - performance.now())));
    } catch (error) {
      const failed = error instanceof CallFailed ? error : noAnswer(service, error, limit.aborted, ms);
      own?.throwIfAborted();
      if (!retriable || attempt === tries || limit.aborted || !passing.has(failed.status)) throw failed;
      if ((failed.retryAfterMs ?? 0) > mostRetryAfterMs) throw failed;
      const share = target.around.random.bytes(1)[0]! / 255;
      const pause = againMs * 2 ** (attempt - 1) * (0.5 + share / 2);
      await sleep({ ...target.around } as Surroundings, Math.max(pause, failed.retryAfterMs ?? 0), signal);
    }
  }
}

async function once(
  service: string,
  route: RouteContract,
  { url, key, around }: ClientTarget,
  given: LooseArguments,
  signal: AbortSignal,
  leftMs: number,
) {
  const requestId = given.requestId ?? currentCall()?.requestId;
  const answer = await around.fetch(`${url.replace(/\/$/, "")}${addressOf(route, given)}`, {
    method: route.method,
    signal,
    redirect: "error",
    headers: {
      accept: "application/json, application/problem+json",
      [deadlineHeader]: String(leftMs),
      ...traceHeaders(),
      ...(key === undefined ? {} : { "x-api-key": key }),
      ...(given.body === undefined ? {} : { "content-type": "application/json" }),
      ...(given.idempotencyKey === undefined ? {} : { "idempotency-key": given.idempotencyKey }),
      ...(given.ifMatch === undefined ? {} : { "if-match": `"${given.ifMatch}"` }),
      ...(given.ifAbsent ? { "if-none-match": "*" } : {}),
      ...(requestId === undefined ? {} : { "x-request-id": requestId }),
      ...given.headers,
    },
    ...(given.body === undefined ? {} : { body: JSON.stringify(given.body) }),
  });
  if (!answer.ok) throw await failureOf(service, answer);
  const contract = route.answers[answer.status];
  const etag = /^"(\d+)"$/.exec(answer.headers.get("etag") ?? "")?.[1];
  const body = await readBody(service, contract, answer);
  return {
    status: answer.status,
    body: body as never,
    version: etag === undefined ? undefined : Number(etag),
    headers: answer.headers,
  };
}

async function readBody(service: string, contract: AnswerContract | undefined, answer: Response): Promise<unknown> {
  if (contract == null) {
    // The connection is free for the next call once the body has been read.
    await answer.arrayBuffer();
    return undefined;
  }
  return isRawAnswer(contract) ? answer.body : readAnswer(service, contract, answer);
}

/** The body, as the contract has it; fields that this side does not know are let through and left out. */
async function readAnswer(service: string, schema: z.ZodType, answer: Response): Promise<unknown> {
  const parsed = schema.safeParse(await answer.json().catch(() => undefined));
  if (parsed.success) return parsed.data;
  throw new CallFailed(service, 502, `the answer does not fit the contract: ${parsed.error.issues[0]?.message}`);
}

async function failureOf(service: string, answer: Response): Promise<CallFailed> {
  const text = await answer.text().catch(() => "");
  const seconds = Number(answer.headers.get("retry-after") ?? Number.NaN);
  const retryAfterMs = Number.isFinite(seconds) ? seconds * 1000 : undefined;
  let body: ProblemBody | undefined;
  try {
    body = JSON.parse(text) as ProblemBody;
  } catch {
    body = undefined;
  }
  const isProblem = typeof body?.type === "string";
  const message = isProblem ? (body!.detail ?? body!.title) : `answered ${answer.status}`;
  return new CallFailed(service, answer.status, message, isProblem ? body : undefined, retryAfterMs);
}

function noAnswer(service: string, error: unknown, late: boolean, ms: number): CallFailed {
  if (late) return new CallFailed(service, 0, `no answer within ${ms} ms`);
  const cause = error instanceof Error ? ((error.cause as Error | undefined)?.message ?? error.message) : String(error);
  return new CallFailed(service, 0, cause || "cannot be reached");
}

function addressOf({ path }: RouteContract, { params = {}, query = {} }: LooseArguments): string {
  const filled = path.replaceAll(/\{(\w+)(\*?)\}/g, (_, name: string, rest: string) => {
    const value = String(params[name] ?? "");
    return rest === "" ? encodeURIComponent(value) : value.split("/").map(encodeURIComponent).join("/");
  });
  const search = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    for (const each of Array.isArray(value) ? value : [value])
      if (each !== undefined) search.append(name, String(each));
  }
  return search.size === 0 ? filled : `${filled}?${search}`;
}
