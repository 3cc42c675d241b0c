import { createHash } from "node:crypto";
import type { IncomingMessage, ServerResponse } from "node:http";
import { type Span, SpanStatusCode } from "@opentelemetry/api";
import { mostSteps } from "../../../contracts/chains";
import { type RequestKind, requestSchemas } from "../../../contracts/openai";
import { outputTokens } from "../../../contracts/requests";
import { aiRouter, npcId, npcIdText } from "../../../contracts/services/ai-router";
import { RequestError } from "../../../runtime/openai/errors";
import { ClientGone, readBody, traceOf } from "../../../runtime/openai/http";
import { parseBody } from "../../../runtime/openai/requests";
import type { Caller } from "../../../runtime/service";
import type { Budgeted } from "../keys/budgets";
import { carrierOf, requestSpan } from "../observe/tracing";
import type { Router } from "../router";
import type { Call } from "../routing/attempt";
import { tierForBudget } from "../routing/choose";
import { type Routed, route } from "../routing/route";
import type { RouterKit } from "../settings";
import { Limited, sendError } from "./errors";
import { prepareTurn } from "./turns";

/** Everything that answering needs. */
export interface GenerateContext extends Router {
  readonly kit: RouterKit;
}

export type RouteName = RequestKind | "turn";

/** A request as the routing takes it. */
interface Prepared {
  readonly call: Call;
  readonly budgetMs: number | undefined;
  readonly onChunk?: (chunk: Buffer) => void;
  /** Told what was answered, or what was streamed of it before it broke off or its client left. */
  readonly onAnswer?: (routed: Routed) => void;
}

/** The contract's route of each. */
export const contractRoutes = {
  chat: "createChatCompletion",
  completion: "createCompletion",
  embedding: "createEmbedding",
  turn: "createNpcTurn",
} as const satisfies Record<RouteName, keyof typeof aiRouter.routes>;

/** The path at which a node answers; the router's own are the same. */
const pathOf = (name: RequestKind) => aiRouter.routes[contractRoutes[name]].path;

/** Answers one of the routes that ask a model. Never throws. */
export async function generate(
  name: RouteName,
  context: GenerateContext,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const startedAt = performance.now();
  const controller = new AbortController();
  const end = (reason: Error) => controller.abort(reason);
  const { kit } = context;
  const onStopped = () => end(new RequestError(503, "This replica is stopping.", null, "draining"));
  const requestId = String(response.getHeader("x-request-id"));
  response.once("close", () => {
    if (!response.writableFinished) end(new ClientGone());
  });
  const span = requestSpan(name, request);
  let tier = "none";
  let status = 200;
  let timer: NodeJS.Timeout | undefined;
  try {
    if (kit.draining) throw leaving();
    kit.stopped.addEventListener("abort", onStopped);
    const deadlineMs = deadlineOf(request, kit.settings.requestSeconds * 1000);
    timer = setTimeout(() => end(late()), deadlineMs);
    const admitted = admit(name, request, { requestId, endsAt: startedAt + deadlineMs, span }, context);
    const { caller, prepared } = await orEnded(admitted, controller.signal);
    const routed = await route(
      context.tiers,
      prepared.call,
      prepared.budgetMs,
      kit.settings,
      response,
      controller.signal,
      prepared.onChunk,
    );
    ({ tier, status } = routed);
    count(routed, caller, context);
    if (routed.failure !== undefined) {
      // What the player has heard, the character has said.
      prepared.onAnswer?.(routed);
      throw new RequestError(502, `The tier broke off the stream: ${routed.failure}.`, null, "stream_broken");
    }
    if (!response.writableEnded) response.end();
    prepared.onAnswer?.(routed);
    settle(routed, prepared, context, performance.now() - startedAt);
  } catch (error) {
    const reason = controller.signal.aborted ? controller.signal.reason : error;
    if (reason instanceof ClientGone) {
      status = 499;
      response.destroy();
    } else status = sendError(response, reason, !request.complete);
    // The client is told no more than that; somebody must learn why.
    if (status === 500) kit.logger.error({ err: reason, requestId }, "a request failed");
  } finally {
    clearTimeout(timer);
    kit.stopped.removeEventListener("abort", onStopped);
    context.metrics.requests.observe({ route: name, tier, status }, (performance.now() - startedAt) / 1000);
    span.setAttributes({ "http.response.status_code": status, "ai_router.tier": tier });
    if (status >= 500) span.setStatus({ code: SpanStatusCode.ERROR });
    span.end();
  }
}

/** Who asks, whether they may, and what for. */
async function admit(
  name: RouteName,
  request: IncomingMessage,
  { requestId, endsAt, span }: { readonly requestId: string; readonly endsAt: number; readonly span: Span },
  context: GenerateContext,
): Promise<{ readonly caller: Caller; readonly prepared: Prepared }> {
  const caller = await context.kit.callers.identify(request.headers, aiRouter.routes[contractRoutes[name]].who);
  await holdToLimits(caller, context);
  const text = await readBody(request, context.kit.settings.maxBodyBytes);
  const headers = {
    ...headersFor(request, requestId, span),
    // A turn's character is remembered here.
    ...(name === "turn" ? {} : npcHeader(request, caller)),
  };
  return { caller, prepared: await prepare(name, text, { headers, endsAt }, caller, context) };
}

async function holdToLimits(caller: Caller, { kit, budgets, metrics }: GenerateContext): Promise<void> {
  const key = keyOf(caller);
  if (key === undefined) return;
  const refuse = (limit: "requests" | "tokens", seconds: number) => {
    metrics.limited.inc({ limit });
    throw new Limited(limit, seconds);
  };
  const budget = budgetOfCaller(caller);
  const spentFor = budget && (await budgets.spentFor(budget));
  if (spentFor !== undefined) refuse("tokens", spentFor);
  const { id, requestsPerMinute } = key;
  const { allowed, resetSeconds } = await kit.limits.admit({ id, bucket: "requests", perMinute: requestsPerMinute });
  if (!allowed) refuse("requests", resetSeconds);
}

/** The caller's API key; the environment's own services have none, and no limits. */
const keyOf = (caller: Caller) => (caller.kind === "service" ? caller.key : undefined);

function budgetOfCaller(caller: Caller): Budgeted | undefined {
  const key = keyOf(caller);
  const tokensPerDay = key?.properties.tokensPerDay as number | null | undefined;
  return key === undefined || tokensPerDay == null ? undefined : { id: key.id, tokensPerDay };
}

/** Waits for work, but no longer than until the request is ended: a database that hangs must not hold it. */
function orEnded<Result>(work: Promise<Result>, signal: AbortSignal): Promise<Result> {
  return new Promise((resolve, reject) => {
    const end = () => reject(signal.reason);
    signal.addEventListener("abort", end, { once: true });
    if (signal.aborted) end();
    work.then(resolve, reject).finally(() => signal.removeEventListener("abort", end));
  });
}

/** Counts what was sent, whether or not the client stayed to its end: a client must not dodge its budget by disconnecting. */
function count({ usage }: Routed, caller: Caller, { metrics, budgets }: GenerateContext): void {
  metrics.tokens.inc({ kind: "prompt" }, usage.prompt);
  metrics.tokens.inc({ kind: "completion" }, usage.completion);
  const budget = budgetOfCaller(caller);
  if (budget !== undefined) void budgets.spend(budget, usage.prompt + usage.completion);
}

function settle({ tier, status }: Routed, { budgetMs }: Prepared, context: GenerateContext, ms: number): void {
  // What a node refuses in a millisecond says nothing of how long its answers take.
  if (status === 200) context.publisher?.answered(tier, ms);
  const wanted = tierForBudget(budgetMs);
  if (tier !== wanted) context.metrics.spilled.inc({ from: wanted, to: tier });
}

/** What a request says beside its body. */
type Envelope = Pick<Call, "headers" | "endsAt">;

function prepare(
  name: RouteName,
  text: string,
  envelope: Envelope,
  caller: Caller,
  context: GenerateContext,
): Promise<Prepared> | Prepared {
  if (name === "turn") return turnCall(text, envelope, caller, context);
  const body = parseBody(requestSchemas[name], text) as {
    model: string;
    stream?: boolean;
    stream_options?: StreamOptions;
  };
  const call = callFor(pathOf(name), body.model, body, text.length, envelope);
  return { call, budgetMs: budgetOf(envelope.headers["x-latency-budget-ms"]) };
}

async function turnCall(
  text: string,
  { headers, endsAt }: Envelope,
  caller: Caller,
  { conversations }: GenerateContext,
): Promise<Prepared> {
  const {
    body,
    priority,
    budgetMs: own,
    shorten,
    onChunk,
    onAnswer,
  } = await prepareTurn(text, caller.id, conversations);
  const budgetMs = own ?? budgetOf(headers["x-latency-budget-ms"]);
  const envelope = {
    endsAt,
    headers: {
      ...headers,
      ...(priority === undefined ? {} : { "x-priority": priority }),
      // The node plans its chain by it.
      ...(budgetMs === undefined ? {} : { "x-latency-budget-ms": String(budgetMs) }),
    },
  };
  const characters = body.messages.reduce((sum, { content }) => sum + content.length, 0);
  const call = { ...callFor(pathOf("chat"), body.model, body, characters, envelope), shorten };
  return { call, budgetMs, onChunk, onAnswer };
}

interface StreamOptions {
  readonly include_usage?: boolean;
}

interface Body {
  readonly stream?: boolean;
  readonly stream_options?: StreamOptions;
  readonly max_tokens?: number;
  readonly max_completion_tokens?: number;
}

/** A guess at a prompt's tokens from its characters. */
const charactersPerToken = 4;

/** @param characters Of the prompt */
function callFor(path: string, model: string, body: Body, characters: number, envelope: Envelope): Call {
  const stream = body.stream === true;
  const { max_completion_tokens: tokens = body.max_tokens ?? outputTokens.fallback } = body;
  // A chain may have a step for every task, one after the other.
  const steps = model.includes("/chain/") ? mostSteps : 1;
  const counted = stream ? { ...body, stream_options: { include_usage: true } } : body;
  return {
    path,
    model,
    bodyFor: (named) => JSON.stringify({ ...counted, model: named }),
    ...envelope,
    effort: {
      stream,
      promptTokens: Math.ceil(characters / charactersPerToken),
      tokens: path === pathOf("embedding") ? 0 : steps * tokens,
    },
    wantsUsage: body.stream_options?.include_usage === true,
  };
}

/** Headers that go on to the tier; the client's key does not. */
function headersFor(request: IncomingMessage, requestId: string, span: Span) {
  const priority = request.headers["x-priority"];
  return {
    "content-type": "application/json",
    "x-request-id": requestId,
    ...(typeof priority === "string" ? { "x-priority": priority } : {}),
    ...(typeof request.headers["x-latency-budget-ms"] === "string"
      ? { "x-latency-budget-ms": request.headers["x-latency-budget-ms"] }
      : {}),
    ...traceOf(request),
    ...carrierOf(span),
  } as Readonly<Record<string, string>>;
}

/** The character whose turns a node remembers, under a name that another key's request cannot come by. */
function npcHeader({ headers }: IncomingMessage, { id }: Caller): Record<string, string> {
  const given = headers["x-npc-id"];
  if (given === undefined) return {};
  if (typeof given !== "string" || !npcId.test(given)) {
    throw new RequestError(400, `x-npc-id may hold ${npcIdText}.`, "x-npc-id", "invalid_value");
  }
  return { "x-npc-id": createHash("sha256").update(`${id}\n${given}`).digest("hex") };
}

function budgetOf(given: string | undefined): number | undefined {
  if (given === undefined) return undefined;
  return wholeNumber(given, "x-latency-budget-ms");
}

function deadlineOf(request: IncomingMessage, longestMs: number): number {
  const given = request.headers["x-deadline-ms"];
  return given === undefined ? longestMs : Math.min(wholeNumber(String(given), "x-deadline-ms"), longestMs);
}

function wholeNumber(text: string, name: string): number {
  const value = Number(text);
  if (Number.isInteger(value) && value >= 1) return value;
  throw new RequestError(400, `${name} must be a whole number of milliseconds.`, name, "invalid_value");
}

function late(): RequestError {
  return new RequestError(504, "The request's deadline has passed.", null, "deadline_exceeded", "timeout_error");
}

function leaving(): RequestError {
  return new RequestError(503, "This replica is stopping; try again.", null, "draining", "service_unavailable");
}
