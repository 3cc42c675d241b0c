import type { AdapterTask } from "../../../contracts/archetypes";
import { Refusal } from "../admission/refusal";
import { EngineError, type EventSink, isTooLong, type Usage } from "../engines/engine";
import { OpenAiShapes } from "../engines/openai-shapes";
import type { Executor, Job } from "../executor";
import { stepAdapter } from "../models";
import { conversationWindow, type Message } from "./conversations";
import { type Chain, type ChainStep, fillInstruction } from "./registry";

/** How a step of a chain went. */
export type StepOutcome = "ok" | "skipped" | "base" | "fallback";

export interface ChainRequest {
  readonly chain: Chain;
  readonly archetype: string;
  /** The client's messages, with remembered turns before its own. */
  readonly messages: readonly Message[];
  /** Everything of the job but what each step sets. */
  readonly job: Omit<Job, "kind" | "adapter" | "accepted">;
  /** Milliseconds that the whole chain may take. */
  readonly deadlineMs: number;
  /** Why an adapter cannot be had now; undefined while it can. */
  readonly unavailable: (adapter: string) => string | undefined;
  /** The name the client asked for. */
  readonly publicModel: string;
}

export interface ChainResult {
  readonly outcomes: ReadonlyMap<AdapterTask, StepOutcome>;
  readonly text: string;
  /** Tokens of all steps together. */
  readonly usage: Usage;
}

/** What the caller does with the last step. */
export interface ChainOutput {
  readonly stream: boolean;
  /** Called before the first event of a stream, with how the steps before the last went. */
  readonly begin: (outcomes: ReadonlyMap<AdapterTask, StepOutcome>) => void;
  readonly sink: EventSink;
}

/**
 * Runs a chain's steps in order on this node. Each sees the conversation's window and what earlier steps said, and has a
 * deadline of its own; a step that fails is skipped, asked of the base model, or ends the chain with its fallback.
 */
export async function runChain(executor: Executor, request: ChainRequest, output: ChainOutput): Promise<ChainResult> {
  const { chain } = request;
  const startedAt = performance.now();
  const said = new Map<AdapterTask, string>();
  const outcomes = new Map<AdapterTask, StepOutcome>();
  let usage: Usage = { promptTokens: 0, completionTokens: 0 };
  const count = (more: Usage) => {
    usage = {
      promptTokens: usage.promptTokens + more.promptTokens,
      completionTokens: usage.completionTokens + more.completionTokens,
    };
  };
  for (const [index, step] of chain.steps.entries()) {
    const last = index === chain.steps.length - 1;
    const left = request.deadlineMs - (performance.now() - startedAt);
    const outcome = await runStep(
      executor,
      request,
      step,
      said,
      left,
      { first: index === 0, last },
      output,
      outcomes,
      count,
    );
    outcomes.set(step.task, outcome);
    if (outcome === "fallback") {
      await sayFallback(request, output, outcomes);
      return { outcomes, text: chain.fallback, usage };
    }
  }
  return { outcomes, text: said.get(chain.steps.at(-1)!.task) ?? "", usage };
}

async function runStep(
  executor: Executor,
  request: ChainRequest,
  step: ChainStep,
  said: Map<AdapterTask, string>,
  leftMs: number,
  place: { readonly first: boolean; readonly last: boolean },
  output: ChainOutput,
  outcomes: ReadonlyMap<AdapterTask, StepOutcome>,
  count: (usage: Usage) => void,
): Promise<StepOutcome> {
  const wanted = stepAdapter(request.archetype, step.task);
  const missing = request.unavailable(wanted) !== undefined;
  const tries: (string | undefined)[] = missing
    ? [undefined]
    : step.onFailure === "base"
      ? [wanted, undefined]
      : [wanted];
  // Remembered turns that the model has no room for are left out, older ones first.
  let turns = request.chain.windowTurns;
  for (let index = 0; index < tries.length; ) {
    const adapter = tries[index];
    const deadlineMs = Math.min(step.deadlineMs, Math.round(leftMs));
    let begun = false;
    try {
      const { text, usage } = await attempt(
        executor,
        request,
        step,
        adapter,
        said,
        deadlineMs,
        turns,
        place.first && index === 0 && turns === request.chain.windowTurns,
        (event, tokens) => {
          if (!place.last || !output.stream) return undefined;
          if (!begun) output.begin(outcomes);
          begun = true;
          return output.sink(event, tokens);
        },
      );
      said.set(step.task, text);
      count(usage);
      return adapter === undefined ? "base" : "ok";
    } catch (error) {
      // What the client has begun to read cannot be answered anew; and a client that left wants nothing more.
      if (begun || request.job.signal.aborted) throw error;
      if (isTooLong(error) && turns > 0) {
        turns = Math.floor(turns / 2);
        continue;
      }
      // No other adapter takes what the engine calls wrong.
      if (error instanceof EngineError && error.status === 400) throw error;
      // Refused at the door: nothing was accepted, so the client gets the refusal and not a substitute.
      if (place.first && error instanceof Refusal && error.reason !== "deadline_exceeded") throw error;
      index += 1;
    }
  }
  return step.onFailure === "skip" ? "skipped" : "fallback";
}

async function attempt(
  executor: Executor,
  request: ChainRequest,
  step: ChainStep,
  adapter: string | undefined,
  said: ReadonlyMap<AdapterTask, string>,
  deadlineMs: number,
  turns: number,
  first: boolean,
  sink: EventSink,
): Promise<{ text: string; usage: Usage }> {
  const limit = new AbortController();
  const stop = () => limit.abort(request.job.signal.reason);
  request.job.signal.addEventListener("abort", stop, { once: true });
  const timer = setTimeout(
    () => limit.abort(new Refusal("deadline_exceeded", `the step ${step.task} took longer than ${deadlineMs} ms`, 1)),
    Math.max(1, deadlineMs),
  );
  const instruction = fillInstruction(step.instruction, request.archetype, said);
  const window = conversationWindow(request.messages, turns);
  // The usage of a chain is that of its steps together; no step sends its own.
  const { max_completion_tokens: _, stream_options: __, ...rest } = request.job.body;
  const job: Job = {
    ...request.job,
    kind: "chat",
    adapter,
    signal: limit.signal,
    deadlineMs,
    expectedTokens: step.maxTokens,
    accepted: !first,
    requestId: `${request.job.requestId}/${step.task}`,
    body: {
      ...rest,
      max_tokens: Math.min(request.job.mostTokens, step.maxTokens),
      messages: [{ role: "system", content: instruction }, ...window],
    },
  };
  try {
    if (request.job.body.stream !== true) {
      const { body, usage } = await executor.complete(job);
      return { text: contentOf(body.toString("utf8")), usage };
    }
    let text = "";
    const usage = await executor.stream(job, (event, tokens) => {
      text += contentOf(event.toString("utf8").slice("data:".length));
      return sink(renamed(event, adapter, request.publicModel), tokens);
    });
    return { text, usage };
  } finally {
    clearTimeout(timer);
    request.job.signal.removeEventListener("abort", stop);
  }
}

async function sayFallback(
  { chain, publicModel }: ChainRequest,
  output: ChainOutput,
  outcomes: ReadonlyMap<AdapterTask, StepOutcome>,
): Promise<void> {
  if (!output.stream) return;
  output.begin(outcomes);
  const shapes = new OpenAiShapes("chat", publicModel);
  for (const event of [shapes.opening()!, shapes.text(chain.fallback), shapes.closing("stop")])
    await output.sink(event, 0);
}

/** The last event of a chain's stream, where the client asked for it. */
export function chainUsage(publicModel: string, { usage }: ChainResult): Buffer {
  return new OpenAiShapes("chat", publicModel).usage(usage);
}

/** The whole answer of a chain that is not streamed. */
export function chainAnswer(publicModel: string, { text, usage }: ChainResult): Buffer {
  return new OpenAiShapes("chat", publicModel).whole(text, "stop", usage);
}

function renamed(event: Buffer, adapter: string | undefined, publicModel: string): Buffer {
  if (adapter === undefined) return event;
  return Buffer.from(
    event.toString("utf8").replace(`"model":${JSON.stringify(adapter)}`, `"model":${JSON.stringify(publicModel)}`),
  );
}

function contentOf(json: string): string {
  try {
    const { choices } = JSON.parse(json) as {
      choices?: { delta?: { content?: string | null }; message?: { content?: string | null } }[];
    };
    return choices?.[0]?.delta?.content ?? choices?.[0]?.message?.content ?? "";
  } catch {
    return "";
  }
}
