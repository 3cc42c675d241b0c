import { meaningless, mostChoices, mostPrompts, type RequestKind } from "../../../contracts/openai";
import { RequestError } from "../../../runtime/openai/errors";
import type { Engine, RequestBody } from "./engine";

/** What an engine may or may not be able to do, by what a request asks for. */
type Feature =
  | "embeddings"
  | "tools that the model chooses"
  | "tools that must be called"
  | "logprobs"
  | "logit_bias"
  | "structured_outputs"
  | "reasoning_effort";

/** What requests may ask of an engine with this model and these arguments. */
export interface EnginePromise {
  /** As messages name it. */
  readonly engine: string;
  readonly features: Readonly<Record<Feature, boolean>>;
  /** Choices of one request at most. */
  readonly choices: number;
  /** Prompts of one completion at most. */
  readonly prompts: number;
}

/**
 * What vLLM 0.32 does with a generating model, started as `vllm-command` prints. Each line is a request of the conformance suite.
 * Source: vLLM's serving code, and runs of it (docs/inference-host.md).
 * @param toolParser vLLM's parser of the model's tool calls; without one the model may not choose
 */
function vllmPromise(toolParser: string | undefined): EnginePromise {
  return {
    engine: "vLLM",
    features: {
      // A server of a generating model has no such route.
      embeddings: false,
      "tools that the model chooses": toolParser !== undefined,
      // Grammar, not parser, makes the call.
      "tools that must be called": true,
      logprobs: true,
      logit_bias: true,
      structured_outputs: true,
      reasoning_effort: true,
    },
    choices: mostChoices,
    prompts: mostPrompts,
  };
}

/** What llama.cpp in this process does: see LlamaEngine. */
const llamaPromise: EnginePromise = {
  engine: "llama.cpp",
  features: {
    embeddings: true,
    "tools that the model chooses": false,
    "tools that must be called": false,
    logprobs: false,
    logit_bias: false,
    structured_outputs: false,
    reasoning_effort: true,
  },
  choices: 1,
  prompts: 1,
};

/** What an engine promises. @param toolParser vLLM's `--tool-call-parser`, where it is started with one */
export function promiseOf(kind: Engine["kind"], toolParser: string | undefined): EnginePromise {
  return kind === "vllm" ? vllmPromise(toolParser) : llamaPromise;
}

/** What a request asks for, and in which parameter. */
function asked(kind: RequestKind, body: RequestBody): readonly (readonly [Feature, string])[] {
  if (kind === "embedding") return [["embeddings", "model"]];
  const { tools, tool_choice: choice } = body;
  const chosen = choice === undefined ? (Array.isArray(tools) && tools.length > 0 ? "auto" : "none") : choice;
  const all: readonly (readonly [Feature, string, boolean])[] = [
    ["tools that the model chooses", tools === undefined ? "tool_choice" : "tools", chosen === "auto"],
    ["tools that must be called", "tool_choice", chosen !== "auto" && chosen !== "none"],
    ["logprobs", "logprobs", body.logprobs !== undefined && body.logprobs !== false],
    ["logprobs", "top_logprobs", body.top_logprobs !== undefined && body.top_logprobs !== 0],
    ["logit_bias", "logit_bias", Object.keys((body.logit_bias ?? {}) as object).length > 0],
    ["structured_outputs", "structured_outputs", body.structured_outputs !== undefined],
    ["reasoning_effort", "reasoning_effort", body.reasoning_effort !== undefined],
  ];
  return all.flatMap(([feature, parameter, wanted]) => (wanted ? [[feature, parameter] as const] : []));
}

/**
 * Refuses what this node's engine cannot serve, before it is sent.
 * @throws RequestError 400 in one line that names the parameter and the engine
 */
export function holdToPromise(kind: RequestKind, body: RequestBody, promise: EnginePromise): void {
  const refuse = (what: string, parameter: string) => {
    throw new RequestError(
      400,
      `${what} cannot be had from this node's engine, ${promise.engine}.`,
      parameter,
      "unsupported_parameter",
    );
  };
  for (const [feature, parameter] of asked(kind, body)) {
    if (!promise.features[feature])
      refuse(feature === parameter ? feature : `${sentence(feature)} (${parameter})`, parameter);
  }
  const { n = 1, prompt } = body as { readonly n?: number; readonly prompt?: unknown };
  if (n > promise.choices) refuse(`More than ${promise.choices} of n`, "n");
  // Source: vLLM's sampling parameters. Greedy choices would all be the same.
  if (n > 1 && body.temperature === 0) refuse("Several choices at temperature 0", "n");
  if (Array.isArray(prompt) && prompt.length > promise.prompts) refuse(`More than ${promise.prompts} prompt`, "prompt");
}

const sentence = (words: string) => `${words[0]!.toUpperCase()}${words.slice(1)}`;

/** A body without what engines are not told. */
export function withoutMeaningless(body: RequestBody): RequestBody {
  const { stream_options: options, ...rest } = body;
  const kept = Object.entries(rest).filter(([key]) => !(meaningless as readonly string[]).includes(key));
  if (options === undefined) return Object.fromEntries(kept);
  const { include_obfuscation: _, ...told } = options as Readonly<Record<string, unknown>>;
  return { ...Object.fromEntries(kept), stream_options: told };
}
