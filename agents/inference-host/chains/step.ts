import { type ChainStep, fillInstruction } from "../../../contracts/chains";
import { Refusal } from "../admission/refusal";
import { EngineError, type EventSink, isTooLong, type RequestBody, type Usage } from "../engines/engine";
import type { Executor, Job } from "../executor";
import { adapterName } from "../models";
import { conversationWindow, type Message } from "./conversations";
import type { StepOutcome } from "./draft";

/** One step, ready to be asked. */
export interface StepRequest {
  readonly step: Pick<ChainStep, "task" | "instruction" | "onFailure">;
  readonly archetype: string;
  /** Names that the instruction may use, with what they stand for. */
  readonly known: ReadonlyMap<string, string>;
  /** First words of every prompt: they stay the same for an archetype, so that engines keep them computed. */
  readonly system: string;
  readonly messages: readonly Message[];
  readonly windowTurns: number;
  /** Parameters of the engine's request beside the messages. */
  readonly body: RequestBody;
  readonly maxTokens: number;
  readonly limitMs: number;
  readonly job: Omit<Job, "kind" | "adapter" | "accepted" | "body" | "expectedTokens">;
  /** False for the step whose refusal at the door is the client's. */
  readonly accepted: boolean;
  readonly unavailable: (adapter: string) => string | undefined;
  /** Takes the events of an answer that is streamed; names of models are the engine's. */
  readonly sink?: (event: Buffer, tokens: number, adapter: string | undefined) => Promise<void> | undefined;
  /** Told the words as they come. */
  readonly onText?: (text: string) => void;
}

export interface StepResult {
  readonly outcome: Exclude<StepOutcome, "fallback">;
  readonly text: string;
  readonly finishReason: string;
  readonly usage: Usage;
}

/** The limit of a step has passed. */
class LimitPassed extends Refusal {
  constructor(task: string, limitMs: number) {
    super("deadline_exceeded", `the step ${task} took longer than ${limitMs} ms`, 1);
  }
}

/**
 * Runs one step. What is cut off at the step's limit is kept as text. A step that fails is asked of the base model, skipped or failed,
 * as the chain says.
 * @returns undefined where the step has failed and its chain must do without
 * @throws What no other adapter could mend, and whatever ends the whole request
 */
export async function runStep(executor: Executor, request: StepRequest): Promise<StepResult | undefined> {
  const { step, archetype, job } = request;
  const wanted = adapterName(archetype, step.task);
  const missing = request.unavailable(wanted) !== undefined;
  const tries = missing ? [undefined] : step.onFailure === "base" ? [wanted, undefined] : [wanted];
  // Remembered turns that the model has no room for are left out, older ones first.
  let turns = request.windowTurns;
  let accepted = request.accepted;
  for (let index = 0; index < tries.length; ) {
    const adapter = tries[index];
    const seen = { text: "", finishReason: "stop", tokens: 0, begun: false };
    try {
      const usage = await ask(executor, request, adapter, turns, accepted, seen);
      return {
        outcome: adapter === undefined ? "base" : "ok",
        text: seen.text,
        finishReason: seen.finishReason,
        usage,
      };
    } catch (error) {
      // A client that left wants nothing more, and a deadline of the whole request ends all of it.
      if (job.signal.aborted) throw error;
      if (error instanceof LimitPassed && seen.text.trim() !== "") {
        const usage = { promptTokens: 0, completionTokens: seen.tokens };
        return { outcome: "partial", text: seen.text, finishReason: "length", usage };
      }
      // What the client has begun to read cannot be answered anew.
      if (seen.begun) throw error;
      accepted = true;
      if (isTooLong(error) && turns > 0) {
        turns = Math.floor(turns / 2);
        continue;
      }
      // No other adapter takes what the engine calls wrong.
      if (error instanceof EngineError && error.status === 400) throw error;
      // Refused at the door: nothing was accepted, so the client gets the refusal and not a substitute.
      if (!request.accepted && error instanceof Refusal && error.reason !== "deadline_exceeded") throw error;
      index += 1;
    }
  }
  return undefined;
}

async function ask(
  executor: Executor,
  request: StepRequest,
  adapter: string | undefined,
  turns: number,
  accepted: boolean,
  seen: { text: string; finishReason: string; tokens: number; begun: boolean },
): Promise<Usage> {
  const { step, known, system, messages, job, limitMs, maxTokens } = request;
  const limit = new AbortController();
  const stop = () => limit.abort(job.signal.reason);
  job.signal.addEventListener("abort", stop, { once: true });
  const timer = setTimeout(() => limit.abort(new LimitPassed(step.task, limitMs)), Math.max(1, limitMs));
  const instruction = fillInstruction(step.instruction, known);
  const sink: EventSink = (event, tokens) => {
    const { content, finishReason } = chunkOf(event);
    seen.tokens += tokens;
    seen.finishReason = finishReason ?? seen.finishReason;
    if (content !== "") {
      seen.text += content;
      request.onText?.(content);
    }
    // The chain opens its stream itself.
    if (request.sink === undefined || (content === "" && finishReason === undefined)) return undefined;
    seen.begun = true;
    return request.sink(event, tokens, adapter);
  };
  try {
    return await executor.stream(
      {
        ...job,
        kind: "chat",
        adapter,
        signal: limit.signal,
        deadlineMs: Math.min(job.deadlineMs, limitMs),
        mostTokens: maxTokens,
        expectedTokens: maxTokens,
        accepted,
        requestId: `${job.requestId}/${step.task}`,
        body: {
          ...request.body,
          stream: true,
          max_tokens: maxTokens,
          // What stays the same comes first and the instruction last: engines compute a prefix that they know only once.
          messages: [
            { role: "system", content: system },
            ...conversationWindow(messages, turns),
            { role: "system", content: instruction },
          ],
        },
      },
      sink,
    );
  } finally {
    clearTimeout(timer);
    job.signal.removeEventListener("abort", stop);
  }
}

function chunkOf(event: Buffer): { content: string; finishReason: string | undefined } {
  try {
    const { choices } = JSON.parse(event.toString("utf8").slice("data:".length)) as {
      choices?: { delta?: { content?: string | null }; finish_reason?: string | null }[];
    };
    const [choice] = choices ?? [];
    return { content: choice?.delta?.content ?? "", finishReason: choice?.finish_reason ?? undefined };
  } catch {
    return { content: "", finishReason: undefined };
  }
}
