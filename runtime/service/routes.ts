import { Readable } from "node:stream";
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { isRawAnswer, type RouteContract } from "../../contracts/services/define";
import type { Session } from "../database/types";
import { anyone, type Caller } from "./callers";
import { inCall } from "./context";
import { type Deadline, deadlineOf, untilAborted } from "./deadlines";
import { type Call, type Handler, type Kit, type PreparedHandler, Reply } from "./definition";
import { type IdempotentWrite, idempotencyKeyOf, onceOf, requestHashOf, type StoredAnswer } from "./idempotency";
import { limitHeaders, requireAllowed } from "./limits";
import { bodyOf, problem, problemMediaType, refused } from "./problems";
import type { ServerOptions } from "./server";
import { checkAnswer, readPart } from "./validation";
import { etagOf, isKnown, preconditionOf } from "./versions";
import { earlierAnswer, runWrite } from "./writes";

declare module "fastify" {
  interface FastifyRequest {
    /** The body as it came. */
    bytes?: Buffer;
    caller?: Caller;
    deadline?: Deadline;
  }
  interface FastifyContextConfig {
    /** Takes bodies of any media type, as bytes. */
    rawBody?: boolean;
  }
}

type AnyHandler = Handler<RouteContract, unknown, Kit>;
/** An answer ready for the wire; `stream` in place of `body` where it is not JSON. */
interface WireAnswer extends StoredAnswer {
  readonly stream?: unknown;
}

const defaultAnswerSeconds = 15;

/** Adds a route of the contract with its handler. */
export function addRoute(app: FastifyInstance, name: string, route: RouteContract, options: ServerOptions): void {
  const handler = options.service.definition.handlers?.[name] as AnyHandler | undefined;
  if (handler === undefined) throw new Error(`${options.service.contract.name} has no handler for ${name}`);
  app.route({
    method: route.method,
    url: route.path.replaceAll(/\{\w+\*\}/g, "*").replaceAll(/\{(\w+)\}/g, ":$1"),
    config: { rawBody: route.rawBody },
    ...(route.bodyLimit === undefined ? {} : { bodyLimit: route.bodyLimit }),
    // Before a body is read, and after the limit of addresses, which is a hook of the route too.
    preParsing: async (request, reply) => admit(request, reply, route, options),
    handler: (request, reply) => handle(request, reply, name, route, handler, options),
  });
}

/** Knows the caller, counts it, and starts its deadline. */
async function admit(
  request: FastifyRequest,
  reply: FastifyReply,
  route: RouteContract,
  { kit, settings }: ServerOptions,
): Promise<void> {
  const seconds = route.answerSeconds ?? defaultAnswerSeconds;
  const deadline = deadlineOf(request.headers, seconds * 1000, kit.around);
  request.deadline = deadline;
  reply.raw.once("close", () => {
    deadline.done();
    if (!reply.raw.writableFinished) deadline.abort(problem("unavailable", "the caller went away"));
  });
  const caller = await kit.callers.identify(request.headers, route.who);
  request.caller = caller;
  const perMinute = perMinuteOf(caller, settings.playerRequestsPerMinute);
  if (perMinute === undefined) return;
  const { bucket = "all", perMinute: most = perMinute } = route.limit ?? {};
  const id = caller.kind === "service" ? `key:${caller.key!.id}` : `${caller.kind}:${caller.id}`;
  const verdict = await kit.limits.admit({ id, bucket, perMinute: Math.min(perMinute, most) });
  reply.headers(limitHeaders(verdict));
  requireAllowed(verdict);
}

/** Undefined for those who are not limited: the environment's own services, and callers that only their address tells apart. */
function perMinuteOf(caller: Caller, ofPlayers: number): number | undefined {
  if (caller.kind === "service") return caller.key?.requestsPerMinute;
  return caller.kind === "anyone" ? undefined : ofPlayers;
}

async function handle(
  request: FastifyRequest,
  reply: FastifyReply,
  name: string,
  route: RouteContract,
  handler: AnyHandler,
  options: ServerOptions,
): Promise<FastifyReply> {
  const { kit } = options;
  const deadline = request.deadline!;
  const call = callOf(request, route, options);
  const answer = await inCall({ requestId: request.id, signal: deadline.signal, leftMs: deadline.leftMs }, () =>
    untilAborted(
      deadline.signal,
      run().catch((error: unknown) => {
        throw options.service.definition.problemOf?.(error) ?? error;
      }),
    ),
  );
  deadline.done();
  return send(request, reply, answer, kit, deadline);

  async function run(): Promise<WireAnswer> {
    if (route.method === "GET" || !kit.hasDatabase) return withoutTransaction(call);
    const write = idempotentWrite();
    if (!hasTransactions(options)) {
      if (write === undefined) return withoutTransaction(call);
      let repeated = false;
      const first = Number(Object.keys(route.answers)[0]);
      const once = onceOf(write, first, () => {
        repeated = true;
      });
      const answer = await withoutTransaction({ ...call, once });
      return repeated ? replayed(answer) : answer;
    }
    const earlier = await earlierAnswer(kit.database, write);
    if (earlier !== undefined) return replayed(earlier);
    const prepared = await prepare(handler, call);
    const answer = await runWrite(
      kit.database,
      write,
      async (session) => {
        const answer = toWire(await invoke(handler, call, prepared, session));
        // The caller has been told, or is about to be, that there was no answer in time: then there shall be no effect either.
        if (deadline.leftMs() === 0)
          throw problem("deadline-exceeded", "the deadline passed before the write was done");
        return answer;
      },
      (refusal) => ({
        status: refusal.status,
        headers: { ...refusal.headers, "content-type": problemMediaType },
        body: JSON.stringify(bodyOf(refusal, request.id)),
      }),
    );
    options.wrote();
    return answer.replayed ? replayed(answer) : answer;
  }

  async function withoutTransaction(call: Omit<Call, "session">): Promise<WireAnswer> {
    const prepared = await prepare(handler, call);
    return toWire(await invoke(handler, call, prepared, undefined));
  }

  function idempotentWrite(): IdempotentWrite | undefined {
    const key = idempotencyKeyOf(request.headers, route);
    const streams = Object.values(route.answers).some((each) => each !== null && isRawAnswer(each));
    if (key === undefined || streams) return undefined;
    const { caller } = call;
    // A name is given again once its key is revoked; the key's id is not.
    const id = caller.kind === "service" ? (caller.key?.id ?? caller.id) : caller.id;
    const requestHash = requestHashOf(route.method, request.url, request.bytes);
    return { caller: `${caller.kind}:${id}`, key, requestHash, keptHours: kit.contract.answersKeptHours };
  }

  function toWire(result: unknown): WireAnswer {
    const { body, options: more } = result instanceof Reply ? result : new Reply(result, {});
    const status = more.status ?? Number(Object.keys(route.answers)[0]);
    const headers: Record<string, string> = {
      ...more.headers,
      ...(more.version === undefined ? {} : { etag: etagOf(more.version) }),
    };
    const contract = route.answers[status];
    if (contract != null && isRawAnswer(contract)) {
      return { status, headers: { ...headers, "content-type": contract.mediaType }, body: null, stream: body };
    }
    const checked = checkAnswer(contract, status, body);
    if ("defect" in checked) {
      const message = `${name} broke its contract: ${checked.defect}`;
      if (options.settings.answerChecks === "strict") throw new Error(message);
      kit.metrics.brokenAnswers.inc({ route: name });
      request.log.error({ requestId: request.id }, message);
    }
    const text = "defect" in checked ? JSON.stringify(body) : checked.text;
    if (text === undefined) return { status, headers, body: null };
    return { status, headers: { ...headers, "content-type": "application/json; charset=utf-8" }, body: text };
  }
}

const replayed = (answer: StoredAnswer): WireAnswer => ({
  ...answer,
  headers: { ...answer.headers, "idempotency-replayed": "true" },
});

/** False for a service whose handlers open their own transactions. */
const hasTransactions = ({ service }: ServerOptions): boolean => service.definition.ownDatabase?.transactions ?? true;

function callOf(request: FastifyRequest, route: RouteContract, options: ServerOptions): Omit<Call, "session"> {
  const { kit, state } = options;
  const given = request.params as Readonly<Record<string, string>>;
  const rest = /\{(\w+)\*\}/.exec(route.path)?.[1];
  const { "*": tail, ...named } = given;
  const params = rest === undefined ? given : { ...named, [rest]: tail };
  const deadline = request.deadline!;
  // A route without a schema for a part takes none of it.
  const part = (name: "params" | "query" | "body", value: unknown) =>
    route[name] === undefined ? undefined : readPart(name, route[name], value);
  return {
    params: part("params", params) as undefined,
    query: part("query", request.query) as undefined,
    body: (route.rawBody ? undefined : part("body", request.body)) as undefined,
    bytes: request.bytes ?? Buffer.alloc(0),
    headers: request.headers,
    caller: request.caller ?? anyone,
    requestId: request.id,
    log: request.log as Kit["logger"],
    signal: deadline.signal,
    leftMs: deadline.leftMs,
    precondition: preconditionOf(request.headers, route),
    state,
    kit,
    once: undefined,
    read: (work) =>
      hasTransactions(options)
        ? kit.database.transaction(undefined, work)
        : Promise.reject(new Error("this service opens its own transactions")),
  };
}

async function prepare(handler: AnyHandler, call: Omit<Call, "session">): Promise<unknown> {
  return typeof handler === "function" ? undefined : handler.prepare(call);
}

async function invoke(
  handler: AnyHandler,
  call: Omit<Call, "session">,
  prepared: unknown,
  session: Session | undefined,
): Promise<unknown> {
  const whole = { ...call, session: session ?? noSession } as Call;
  if (typeof handler === "function") return handler(whole);
  return (handler as PreparedHandler<RouteContract, unknown, Kit, unknown>).handle({ ...whole, prepared });
}

const outside = () => Promise.reject(new Error("this handler has no transaction: open one with call.read"));
const noSession: Session = { query: outside, prepared: outside };

function send(
  request: FastifyRequest,
  reply: FastifyReply,
  answer: WireAnswer,
  kit: Kit,
  deadline: Deadline,
): FastifyReply {
  if (request.method === "GET" && isKnown(request.headers, answer.headers.etag)) {
    return reply.code(304).header("etag", answer.headers.etag).send();
  }
  reply.code(answer.status).headers(answer.headers);
  if (answer.stream === undefined) return reply.send(answer.body ?? undefined);
  endWithToken(request, kit, deadline);
  const streams = typeof answer.stream === "object" && answer.stream !== null && Symbol.asyncIterator in answer.stream;
  return reply.send(streams ? Readable.from(answer.stream as AsyncIterable<string | Uint8Array>) : answer.stream);
}

/** A stream ends with the token that it was opened with, and when the service stops; its handler says goodbye on the signal. */
function endWithToken({ caller, raw }: FastifyRequest, { around, stopped }: Kit, deadline: Deadline): void {
  const stop = () => deadline.abort(stopped.reason);
  stopped.addEventListener("abort", stop, { once: true });
  const cancel =
    caller !== undefined && "expiresAt" in caller
      ? around.timers.after(Math.max(0, caller.expiresAt - around.clock.now()), () =>
          deadline.abort(refused("the token has expired; come back with a new one")),
        )
      : () => undefined;
  raw.socket.once("close", () => {
    cancel();
    stopped.removeEventListener("abort", stop);
  });
}
