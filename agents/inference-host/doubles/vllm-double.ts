import { existsSync } from "node:fs";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { join } from "node:path";
import { sampleOf } from "./json-sample";
import { defaultFaults, type VllmFaults } from "./vllm-faults";

/**
 * A double of vLLM's HTTP server, for tests and benchmarks: it speaks the documented API, with its errors and its known
 * bugs, and computes nothing. Started like vLLM: `node vllm-double.ts serve MODEL --port=8100 --max-loras=2 ...`.
 *
 * The text it streams says which adapter answered. `double_*` fields are not accepted from clients: tests steer it by its
 * arguments and by POST /double/faults.
 */
interface Settings {
  readonly model: string;
  readonly port: number;
  readonly maxLoras: number;
  readonly maxCpuLoras: number;
  readonly maxSequences: number;
  readonly contextTokens: number;
  readonly runtimeLora: boolean;
  /** Milliseconds between two chunks of a stream. */
  readonly chunkMs: number;
  /** All streams emit in the same step, as the sequences of one batch do; otherwise each keeps a beat of its own. */
  readonly lockstep: boolean;
  /** Milliseconds before the first chunk. */
  readonly firstMs: number;
  /** Prompt tokens a second; a prompt is read before the first chunk. */
  readonly prefillPerSecond: number;
  /** Milliseconds before the API answers at all, like weights being read. */
  readonly startMs: number;
  /** Set by --enable-auto-tool-choice with --tool-call-parser: the model may choose to call a tool. */
  readonly autoTools: boolean;
  /** Stamps each chunk with the monotonic clock, for latency measurements. */
  readonly stamp: boolean;
}

interface Running {
  /** What answers: may be changed under a running request by a bug. */
  adapter: string;
  fail: (message: string) => void;
}

const faults: VllmFaults = { ...defaultFaults };
const settings = readSettings(process.argv.slice(2));
/** Names that the frontend knows. */
const registry = new Map<string, string>();
/** Weights that the worker holds, least recently used first: leaked ones stay here. */
const worker = new Set<string>();
const running = new Set<Running>();
const waiting: (() => void)[] = [];
/** `chat` counts generations but for the host's own probes. */
const counters = { chat: 0, probes: 0, generated: 0, prompted: 0, cancelled: 0, mixed: 0, loads: 0, unloads: 0 };
const seen: { headers: IncomingMessage["headers"]; body: ChatBody }[] = [];

interface Tool {
  readonly name: string;
  readonly parameters?: object;
}

interface ChatBody {
  readonly model?: string;
  readonly stream?: boolean;
  readonly stream_options?: { readonly include_usage?: boolean };
  readonly max_tokens?: number | null;
  readonly max_completion_tokens?: number;
  readonly messages?: readonly { readonly role: string; readonly content: string }[];
  readonly response_format?: { readonly type?: string; readonly json_schema?: { readonly schema?: object } };
  readonly prompt?: string | readonly string[];
  readonly n?: number;
  readonly temperature?: number;
  readonly stop?: string | readonly string[];
  readonly logprobs?: boolean | number;
  readonly structured_outputs?: { readonly json?: object; readonly choice?: readonly string[] };
  readonly tools?: readonly { readonly function: Tool }[];
  readonly tool_choice?: string | { readonly function: { readonly name: string } };
}

const routes: Readonly<Record<string, (request: IncomingMessage, response: ServerResponse) => Promise<void> | void>> = {
  "GET /health": (_, response) => reply(response, faults.engineDead ? 503 : 200, ""),
  "GET /v1/models": (_, response) => reply(response, 200, modelList()),
  "GET /metrics": (_, response) => reply(response, 200, metrics(), "text/plain"),
  "GET /version": (_, response) => reply(response, 200, { version: "0.27.2-double" }),
  "POST /v1/chat/completions": (request, response) => generate(request, response, "chat"),
  "POST /v1/completions": (request, response) => generate(request, response, "completion"),
  "POST /v1/load_lora_adapter": loadAdapter,
  "POST /v1/unload_lora_adapter": unloadAdapter,
  "POST /double/faults": async (request, response) => {
    Object.assign(faults, JSON.parse(await read(request)));
    reply(response, 200, faults);
  },
  "GET /double/state": (_, response) =>
    reply(response, 200, {
      pid: process.pid,
      counters,
      registry: [...registry.keys()],
      worker: [...worker],
      running: running.size,
      seen: seen.slice(-200),
    }),
};

const server = createServer((request, response) => {
  const route = `${request.method} ${(request.url ?? "").split("?")[0]}`;
  if (faults.hang && !route.includes("/double/")) return;
  if (faults.engineDead && !route.includes("/double/"))
    return error(response, 503, "EngineDeadError", "service_unavailable");
  const handler = routes[route];
  if (!handler) return error(response, 404, "Not Found", "NotFoundError");
  Promise.resolve(handler(request, response)).catch((failure) =>
    error(response, 500, String(failure), "InternalServerError"),
  );
});
server.keepAliveTimeout = 60_000;
setTimeout(() => {
  server.listen({ port: settings.port, host: "127.0.0.1", backlog: 4_096 }, () => {
    process.stdout.write(`vLLM double on ${JSON.stringify(server.address())}\n`);
  });
}, settings.startMs);
process.on("SIGTERM", () => process.exit(0));

async function generate(
  request: IncomingMessage,
  response: ServerResponse,
  kind: "chat" | "completion",
): Promise<void> {
  const body = JSON.parse(await read(request)) as ChatBody;
  seen.push({ headers: request.headers, body });
  if (seen.length > 400) seen.splice(0, 200);
  const name = body.model ?? settings.model;
  if (name !== settings.model && !registry.has(name)) {
    return error(response, 404, `The model \`${name}\` does not exist.`, "NotFoundError");
  }
  if ((body.tools?.length ?? 0) > 0 && (body.tool_choice ?? "auto") === "auto" && !settings.autoTools) {
    const message = '"auto" tool choice requires --enable-auto-tool-choice and --tool-call-parser to be set';
    return error(response, 400, message, "BadRequestError");
  }
  const greedy = body.temperature === 0 && (body.n ?? 1) > 1;
  if (greedy) return error(response, 400, `n must be 1 when using greedy sampling, got ${body.n}.`, "BadRequestError");
  const prompt = promptTokensOf(body);
  const named = body.max_completion_tokens ?? body.max_tokens;
  if (prompt + (named ?? 1) > settings.contextTokens) {
    const asked = `you requested ${prompt + (named ?? 1)} tokens (${prompt} in the messages, ${named ?? 1} in the completion)`;
    const message = `This model's maximum context length is ${settings.contextTokens} tokens. However, ${asked}.`;
    return error(response, 400, message, "BadRequestError");
  }
  const words = named ?? Math.min(16, settings.contextTokens - prompt);
  if (words > 1_000_000) return error(response, 400, "max_tokens is too large", "BadRequestError");
  if (registry.get(name)?.includes("broken")) return breakDown(response);
  if (request.headers["x-request-id"] === "probe") counters.probes++;
  else counters.chat++;
  const job: Running = { adapter: name, fail: () => {} };
  await slot(response);
  if (response.destroyed) return next();
  running.add(job);
  if (name !== settings.model) touch(name);
  response.once("close", () => {
    if (!response.writableFinished) counters.cancelled++;
    running.delete(job);
    next();
  });
  await produce(job, body, response, kind, words, name);
}

/** One broken adapter fails every request in flight, when the fault is on. */
function breakDown(response: ServerResponse): void {
  const victims = faults.badAdapterKillsBatch ? [...running] : [];
  for (const victim of victims) victim.fail("a broken adapter failed the whole batch");
  error(response, 500, "LoRA adapter is broken", "InternalServerError");
}

function produce(
  job: Running,
  body: ChatBody,
  response: ServerResponse,
  kind: "chat" | "completion",
  words: number,
  name: string,
): Promise<void> {
  const id = `${kind === "chat" ? "chatcmpl" : "cmpl"}-double-${counters.chat}`;
  const created = Math.floor(Date.now() / 1000);
  const promptTokens = promptTokensOf(body);
  const head = { id, object: kind === "chat" ? "chat.completion.chunk" : "text_completion", created, model: name };
  const choices = Array.from({ length: (body.n ?? 1) * [body.prompt ?? ""].flat().length }, (_, index) => index);
  const tool = calledTool(body);
  const called = tool && [
    {
      index: 0,
      id: `call-${id}`,
      type: "function",
      function: { name: tool.name, arguments: JSON.stringify(sampleOf(tool.parameters ?? { type: "object" })) },
    },
  ];
  const logprobs = body.logprobs ? { content: [] } : null;
  const stops = [body.stop ?? []].flat();
  const piece = (text: string, finish: string | null) =>
    choices.map((index) =>
      kind === "chat"
        ? { index, delta: called ? { tool_calls: called } : { content: text }, logprobs, finish_reason: finish }
        : { index, text, logprobs, finish_reason: finish },
    );
  const usage = (completion: number) => ({
    prompt_tokens: promptTokens,
    completion_tokens: completion,
    total_tokens: promptTokens + completion,
  });
  const { json, choice } = body.structured_outputs ?? {};
  const form = body.response_format?.json_schema?.schema ?? json;
  // Guided decoding: a whole object, however many tokens it takes, in pieces as a tokenizer would make them.
  const object = body.response_format?.type === "json_object";
  const kept = form !== undefined ? JSON.stringify(sampleOf(form)) : object ? "{}" : choice?.[0];
  const pieces = kept?.match(/.{1,4}/gs);
  const most = pieces ? Math.min(pieces.length, words) : words;
  const ending = called ? "tool_calls" : pieces && most === pieces.length ? "stop" : "length";
  return new Promise((resolve) => {
    let sent = 0;
    let text = "";
    let timer: NodeJS.Timeout | undefined;
    let dueAt =
      performance.now() + faults.slowness * (settings.firstMs + (1000 * promptTokens) / settings.prefillPerSecond);
    // Due times follow from the start and not from when a timer happened to fire: else every pause of this process would
    // draw the streams that were due within it together, and they would go on in bursts for good.
    const schedule = () => {
      const now = performance.now();
      dueAt = Math.max(dueAt, now);
      if (settings.lockstep) dueAt = Math.ceil(dueAt / settings.chunkMs) * settings.chunkMs;
      timer = setTimeout(step, dueAt - now);
      dueAt += faults.slowness * settings.chunkMs;
    };
    const finish = () => {
      clearTimeout(timer);
      resolve();
    };
    const say = (payload: unknown) => response.write(`data: ${JSON.stringify(payload)}\n\n`);
    job.fail = (message) => {
      clearTimeout(timer);
      if (!response.headersSent) error(response, 500, message, "InternalServerError");
      else
        response.end(
          `data: ${JSON.stringify({ error: { message, type: "InternalServerError", param: null, code: 500 } })}\n\ndata: [DONE]\n\n`,
        );
      resolve();
    };
    response.once("close", finish);
    const step = () => {
      if (faults.hang || faults.hangGeneration) return;
      if (faults.silent || (faults.paused && sent > 0)) {
        schedule();
        return;
      }
      // The first word names who answers, the stamp lets a benchmark see when the chunk left.
      const word = pieces
        ? pieces[sent]!
        : sent === 0
          ? `[double:${job.adapter}]`
          : settings.stamp
            ? ` t=${process.hrtime.bigint()}`
            : ` w${sent}`;
      if (sent === 0) counters.prompted += promptTokens;
      counters.generated++;
      sent++;
      const found = stops.map((stop) => (text + word).indexOf(stop)).filter((at) => at >= 0);
      const stopped = found.length > 0;
      const said = stopped ? (text + word).slice(text.length, Math.min(...found)) : word;
      text += said;
      const last = sent >= most || called !== undefined || stopped;
      const finishReason = stopped ? "stop" : ending;
      if (body.stream === true) say({ ...head, choices: piece(said, last ? finishReason : null), usage: null });
      if (!last) {
        schedule();
        return;
      }
      if (body.stream === true) {
        if (body.stream_options?.include_usage === true) say({ ...head, choices: [], usage: usage(sent) });
        response.end("data: [DONE]\n\n");
      } else {
        const answered = called ? { content: null, tool_calls: called } : { content: text };
        const message = kind === "chat" ? { message: { role: "assistant", ...answered } } : { text };
        const object = kind === "chat" ? "chat.completion" : "text_completion";
        reply(response, 200, {
          ...head,
          object,
          choices: choices.map((index) => ({ index, ...message, logprobs, finish_reason: finishReason })),
          usage: usage(sent),
        });
      }
      finish();
    };
    if (body.stream === true) response.writeHead(200, { "content-type": "text/event-stream; charset=utf-8" });
    schedule();
  });
}

/** A call that the request forces; left the choice, the double calls nothing. */
function calledTool({ tools = [], tool_choice: choice }: ChatBody): Tool | undefined {
  const named = typeof choice === "object" ? choice.function.name : undefined;
  return tools.map((tool) => tool.function).find(({ name }) => choice === "required" || name === named);
}

function promptTokensOf({ messages, prompt = "" }: ChatBody): number {
  return Math.ceil(JSON.stringify(messages ?? prompt).length / 4);
}

async function loadAdapter(request: IncomingMessage, response: ServerResponse): Promise<void> {
  if (!settings.runtimeLora) return error(response, 404, "Not Found", "NotFoundError");
  const { lora_name: name, lora_path: path } = JSON.parse(await read(request)) as {
    lora_name?: string;
    lora_path?: string;
  };
  if (!name || !path)
    return error(response, 400, "Both 'lora_name' and 'lora_path' must be provided.", "InvalidUserInput");
  if (registry.has(name))
    return error(response, 400, `The lora adapter '${name}' has already been loaded.`, "InvalidUserInput");
  if (faults.failNextLoad) {
    faults.failNextLoad = false;
    return error(response, 500, "CUDA error", "InternalServerError");
  }
  if (!existsSync(join(path, "adapter_config.json")))
    return error(response, 404, `No adapter found for ${path}`, "NotFoundError");
  counters.loads++;
  if (faults.loadMixesRunning) {
    for (const job of running) {
      if (job.adapter === settings.model) continue;
      job.adapter = name;
      counters.mixed++;
    }
  }
  registry.set(name, path);
  touch(name);
  reply(response, 200, `Success: LoRA adapter '${name}' added successfully.`, "text/plain");
}

async function unloadAdapter(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const { lora_name: name } = JSON.parse(await read(request)) as { lora_name?: string };
  if (!name) return error(response, 400, "'lora_name' must be provided.", "InvalidUserInput");
  if (!registry.delete(name))
    return error(response, 404, `The lora adapter '${name}' cannot be found.`, "NotFoundError");
  counters.unloads++;
  if (!faults.unloadLeaks) worker.delete(name);
  reply(response, 200, `Success: LoRA adapter '${name}' removed successfully.`, "text/plain");
}

/** Weights in the worker, as a cache that drops the least recently used. */
function touch(name: string): void {
  worker.delete(name);
  worker.add(name);
  for (const oldest of worker) {
    if (worker.size <= settings.maxCpuLoras) break;
    worker.delete(oldest);
  }
}

/** A batch holds so many sequences and so many distinct adapters; the rest waits inside the server. */
function slot(response: ServerResponse): Promise<void> {
  if (running.size < settings.maxSequences) return Promise.resolve();
  return new Promise((resolve) => {
    waiting.push(resolve);
    response.once("close", resolve);
  });
}

function next(): void {
  waiting.shift()?.();
}

function modelList() {
  const card = (id: string, parent: string | null, root: string) => ({
    id,
    object: "model",
    created: 0,
    owned_by: "vllm",
    root,
    parent,
  });
  return {
    object: "list",
    data: [
      card(settings.model, null, settings.model),
      ...[...registry].map(([name, path]) => card(name, settings.model, path)),
    ],
  };
}

function metrics(): string {
  const adapters = [...new Set([...running].map(({ adapter }) => adapter))]
    .filter((name) => name !== settings.model)
    .join(",");
  return [
    "# TYPE vllm:num_requests_running gauge",
    `vllm:num_requests_running{model_name="${settings.model}"} ${running.size}`,
    `vllm:num_requests_waiting{model_name="${settings.model}"} ${waiting.length}`,
    `vllm:prompt_tokens_total{model_name="${settings.model}"} ${counters.prompted}`,
    `vllm:generation_tokens_total{model_name="${settings.model}"} ${counters.generated}`,
    `vllm:kv_cache_usage_perc{model_name="${settings.model}"} ${Math.min(1, running.size / Math.max(1, settings.maxSequences) / 2)}`,
    `vllm:lora_requests_info{max_lora="${settings.maxLoras}",running_lora_adapters="${adapters}",waiting_lora_adapters=""} ${Date.now() / 1000}`,
    "",
  ].join("\n");
}

function error(response: ServerResponse, status: number, message: string, type: string): void {
  const detail = { message, type, param: null, code: status };
  reply(response, status, faults.flatErrors ? { object: "error", ...detail } : { error: detail });
}

function reply(response: ServerResponse, status: number, body: unknown, type = "application/json"): void {
  if (response.headersSent || response.destroyed) return;
  response.writeHead(status, { "content-type": type });
  response.end(typeof body === "string" ? body : JSON.stringify(body));
}

async function read(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString("utf8");
}

function readSettings(args: readonly string[]): Settings {
  const value = (name: string) => args.find((arg) => arg.startsWith(`--${name}=`))?.slice(name.length + 3);
  const number = (name: string, fallback: number) => Number(value(name) ?? fallback);
  const maxLoras = number("max-loras", 0);
  return {
    model: value("served-model-name") ?? args[args.indexOf("serve") + 1] ?? "double",
    port: number("port", 8_100),
    maxLoras,
    maxCpuLoras: number("max-cpu-loras", maxLoras),
    maxSequences: number("max-num-seqs", 256),
    contextTokens: number("max-model-len", Number.POSITIVE_INFINITY),
    runtimeLora: process.env.VLLM_ALLOW_RUNTIME_LORA_UPDATING === "True" && args.includes("--enable-lora"),
    chunkMs: Number(process.env.VLLM_DOUBLE_CHUNK_MS ?? 2),
    lockstep: process.env.VLLM_DOUBLE_LOCKSTEP === "1",
    firstMs: Number(process.env.VLLM_DOUBLE_FIRST_MS ?? 2),
    prefillPerSecond: Number(process.env.VLLM_DOUBLE_PREFILL_PER_SECOND ?? Number.POSITIVE_INFINITY),
    startMs: Number(process.env.VLLM_DOUBLE_START_MS ?? 0),
    autoTools: args.includes("--enable-auto-tool-choice"),
    stamp: process.env.VLLM_DOUBLE_STAMP === "1",
  };
}
