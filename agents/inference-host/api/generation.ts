import type { IncomingMessage, ServerResponse } from "node:http";
import type { Archetype } from "../../../contracts/archetypes";
import type { RequestKind } from "../../../contracts/openai";
import type { TurnOptions } from "../../../contracts/turns";
import type { Logger } from "../../../runtime/logger";
import { RequestError } from "../../../runtime/openai/errors";
import { ClientGone, readBody, send, traceOf } from "../../../runtime/openai/http";
import { EventStream } from "../../../runtime/streaming/event-stream";
import { type PriorityName, priorities } from "../admission/fair-queue";
import { Refusal } from "../admission/refusal";
import type { Conversations, Message } from "../chains/conversations";
import { TurnDraft } from "../chains/draft";
import { refuseForeign } from "../chains/parameters";
import { type ChainEngine, chainAnswer, chainEnd, runChain, systemPrompt } from "../chains/runner";
import { EngineError } from "../engines/engine";
import { type EnginePromise, holdToPromise } from "../engines/promise";
import type { Executor, Job } from "../executor";
import type { HostMetrics, Outcome } from "../metrics";
import { type ModelTarget, resolveModel, type ServedModels } from "../models";
import { sendError } from "./http";
import { type ParsedRequest, parseRequest, type RequestLimits } from "./requests";

/** Everything that answering needs. */
export interface GenerationContext {
  readonly logger: Logger;
  readonly executor: Executor;
  readonly served: ServedModels;
  readonly metrics: HostMetrics;
  readonly conversations: Conversations;
  readonly chainEngine: ChainEngine;
  readonly limits: RequestLimits;
  /** What this node's engine can do. */
  readonly promise: EnginePromise;
  readonly maxBodyBytes: number;
  /** Milliseconds that a request may take when the client names no deadline. */
  readonly maxRequestMs: number;
  /** Milliseconds that a client may leave its socket full. */
  readonly stallMs: number;
  /** Throws the refusal that new requests get while the host takes none. */
  readonly gate: () => void;
  /** Requests under way, so that a drain can wait for them or end them. */
  readonly active: Set<ActiveRequest>;
  /** True while the node would rather have its work elsewhere. */
  readonly deprioritised: () => boolean;
}

/** One request from its first byte to its last. */
export interface ActiveRequest {
  /** Ends it: a stream gets an error event, anything else an error. */
  readonly end: (reason: Error) => void;
}

const npcPattern = /^[\w.:-]{1,128}$/;

/** Answers one of the three generating routes. Never throws. */
export async function handleGeneration(
  kind: RequestKind,
  context: GenerationContext,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const startedAt = performance.now();
  const controller = new AbortController();
  const active: ActiveRequest = { end: (reason) => controller.abort(reason) };
  const requestId = String(response.getHeader("x-request-id"));
  response.once("close", () => {
    if (!response.writableFinished) controller.abort(new ClientGone());
  });
  let lane = "base";
  let outcome: Outcome = "ok";
  let timer: NodeJS.Timeout | undefined;
  try {
    context.gate();
    context.active.add(active);
    const parsed = parseRequest(kind, await readBody(request, context.maxBodyBytes), context.limits);
    const target = resolveModel(parsed.body.model, context.served);
    lane = target.lane;
    const deadlineMs = deadlineOf(request, context.maxRequestMs);
    timer = setTimeout(
      () => active.end(new Refusal("deadline_exceeded", "the request's deadline has passed", 1)),
      deadlineMs,
    );
    const job = {
      body: parsed.body,
      lane,
      requestId,
      trace: traceOf(request),
      priority: priorityOf(request),
      mostTokens: parsed.mostTokens,
      expectedTokens: parsed.expectedTokens,
      deadlineMs,
      signal: controller.signal,
    };
    if (context.deprioritised()) response.setHeader("x-inference-host-deprioritised", "rebalance");
    if (target.kind === "chain") await answerChain(kind, context, target, parsed, job, request, response, active);
    else {
      if (parsed.body.turn != null) throw new RequestError(400, "turn is for chains.", "turn", "unsupported_parameter");
      await answerPlain(kind, context, target, parsed, job, response, active);
    }
  } catch (error) {
    const reason = controller.signal.aborted ? controller.signal.reason : error;
    outcome = outcomeOf(reason);
    // The answer of a client that left goes nowhere.
    if (reason instanceof ClientGone) response.destroy();
    // The client is told no more than that; somebody must learn why.
    else if (sendError(response, reason, !request.complete) === 500)
      context.logger.error({ err: reason, requestId }, "a request failed");
  } finally {
    clearTimeout(timer);
    context.metrics.finished(lane, outcome, (performance.now() - startedAt) / 1000);
    if (response.writableFinished || response.destroyed) context.active.delete(active);
    else response.once("close", () => context.active.delete(active));
  }
}

async function answerPlain(
  kind: RequestKind,
  context: GenerationContext,
  target: Exclude<ModelTarget, { kind: "chain" }>,
  parsed: ParsedRequest,
  shared: Omit<Job, "kind" | "adapter">,
  response: ServerResponse,
  active: ActiveRequest,
): Promise<void> {
  holdToPromise(kind, parsed.body, context.promise);
  if (target.kind === "fallback") noteFallback(context, response, target.lane, target.reason);
  else if (target.kind === "adapter" && kind === "embedding") {
    noteFallback(context, response, target.lane, "vectors are the base model's");
  }
  const job: Job = {
    ...shared,
    body: target.kind === "fallback" && kind === "chat" ? asArchetype(shared.body, target.archetype) : shared.body,
    kind,
    promptTokens: parsed.promptTokens,
    adapter: target.kind === "adapter" && kind !== "embedding" ? target.adapter : undefined,
    onStart: ({ waitedMs, model, fallback }) => {
      if (response.headersSent) return;
      response.setHeader("x-inference-host-model", model);
      response.setHeader("x-inference-host-queue-ms", Math.round(waitedMs));
      if (fallback !== undefined)
        response.setHeader("x-inference-host-fallback", headerText(`base; reason=${fallback}`));
    },
  };
  if (!parsed.stream || kind === "embedding") {
    const { body } = await context.executor.complete(job);
    send(response, 200, "application/json", body);
    return;
  }
  const events = new EventStream(response, context.stallMs, () =>
    active.end(new ClientGone("the client stopped reading")),
  );
  await context.executor.stream(job, (event) => events.send(event));
  events.end();
}

async function answerChain(
  kind: RequestKind,
  context: GenerationContext,
  target: Extract<ModelTarget, { kind: "chain" }>,
  parsed: ParsedRequest,
  job: Omit<Job, "kind" | "adapter">,
  request: IncomingMessage,
  response: ServerResponse,
  active: ActiveRequest,
): Promise<void> {
  if (kind !== "chat") throw new RequestError(400, "A chain answers chat completions only.", "model", "invalid_value");
  const publicModel = parsed.body.model;
  refuseForeign(parsed.body, publicModel);
  const own = parsed.body.messages as readonly { readonly role: string; readonly content?: unknown }[];
  const messages = own.map(({ role, content }): Message => ({ role, content: textOf(content) }));
  const npc = npcOf(request);
  const memory = npc === undefined ? undefined : `${target.archetype.name}/${npc}`;
  const remembered = memory === undefined ? [] : context.conversations.recall(memory, target.chain.windowTurns);
  const question = messages.findLast(({ role }) => role === "user");
  const remember = (said: string) => {
    if (memory !== undefined && question && said !== "") context.conversations.record(memory, question.content, said);
  };
  const draft = new TurnDraft(target.chain.steps.map(({ task }) => task));
  const describe = () => {
    const text = draft.outcomes.map(([task, outcome]) => `${task}=${outcome}`).join(",");
    if (!response.headersSent && text !== "") response.setHeader("x-inference-host-chain", text);
  };
  const events = new EventStream(response, context.stallMs, () =>
    active.end(new ClientGone("the client stopped reading")),
  );
  try {
    await runChain(
      context.executor,
      {
        chain: target.chain,
        archetype: target.archetype,
        messages: [...remembered, ...messages],
        job,
        options: (parsed.body.turn ?? {}) as TurnOptions,
        budgetMs: milliseconds(request, "x-latency-budget-ms"),
        unavailable: context.served.unavailable,
        publicModel,
        engine: context.chainEngine,
      },
      draft,
      { stream: parsed.stream, begin: describe, sink: (event) => events.send(event) },
    );
  } catch (error) {
    // A player who cuts a turn off has heard what was streamed so far, and the character remembers just that.
    if (parsed.stream && events.started) remember(draft.said);
    throw error;
  }
  remember(draft.said);
  if (parsed.stream) {
    const options = parsed.body.stream_options as { readonly include_usage?: boolean } | undefined;
    for (const event of chainEnd(publicModel, draft, draft.whole(), options?.include_usage === true))
      await events.send(event);
    events.end();
    return;
  }
  describe();
  send(response, 200, "application/json", chainAnswer(publicModel, draft, draft.whole()));
}

/** The base model does not know whom it stands in for: it is told, where the client tells it nothing. */
function asArchetype(body: Job["body"], archetype: Archetype | undefined): Job["body"] {
  const messages = body.messages as readonly { readonly role: string }[];
  if (archetype === undefined || messages.some(({ role }) => role === "system" || role === "developer")) return body;
  return { ...body, messages: [{ role: "system", content: systemPrompt(archetype) }, ...messages] };
}

function noteFallback(context: GenerationContext, response: ServerResponse, lane: string, reason: string): void {
  context.metrics.fellBack(lane);
  response.setHeader("x-inference-host-fallback", headerText(`base; reason=${reason}`));
}

function headerText(text: string): string {
  return text.replace(/[^\x20-\x7e]/g, "?").slice(0, 300);
}

function priorityOf(request: IncomingMessage): Job["priority"] {
  const name = request.headers["x-priority"];
  if (name === undefined) return priorities.normal;
  if (typeof name === "string" && Object.hasOwn(priorities, name)) return priorities[name as PriorityName];
  throw new RequestError(400, "x-priority must be high, normal or low.", "x-priority", "invalid_value");
}

function deadlineOf(request: IncomingMessage, longestMs: number): number {
  return Math.min(milliseconds(request, "x-deadline-ms") ?? longestMs, longestMs);
}

function milliseconds(request: IncomingMessage, header: string): number | undefined {
  const given = request.headers[header];
  if (given === undefined) return undefined;
  const value = Number(given);
  if (Number.isInteger(value) && value >= 1) return value;
  throw new RequestError(400, `${header} must be a whole number of milliseconds.`, header, "invalid_value");
}

function npcOf(request: IncomingMessage): string | undefined {
  const given = request.headers["x-npc-id"];
  if (given === undefined) return undefined;
  if (typeof given === "string" && npcPattern.test(given)) return given;
  throw new RequestError(400, "x-npc-id may hold up to 128 letters, digits and . _ : -", "x-npc-id", "invalid_value");
}

function textOf(content: unknown): string {
  if (typeof content === "string") return content;
  if (!Array.isArray(content)) return "";
  return content.map((part: { text?: string }) => part.text ?? "").join("");
}

function outcomeOf(reason: unknown): Outcome {
  if (reason instanceof ClientGone) return "cancelled";
  if (reason instanceof RequestError || (reason instanceof EngineError && reason.status < 500)) return "invalid";
  return reason instanceof Refusal ? "refused" : "failed";
}
