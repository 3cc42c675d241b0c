import { type ChildProcess, spawn } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { type Agent, request } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { freePort } from "../../../runtime/free-port";
import { createLogger } from "../../../runtime/logger";
import type { VllmFaults } from "../doubles/vllm-faults";
import { type Host, startHost } from "../host";
import { readOptions } from "../options";
import { type PeftFixture, writePeftAdapters } from "./peft-fixture";

const doublePath = join(__dirname, "..", "doubles", "vllm-double.ts");
const preload = join(__dirname, "..", "..", "..", "node_modules", "tsx", "dist", "cjs", "index.cjs");

/** Words that start a TypeScript program in a process of its own, without a process in between. */
export const tsxWords: readonly string[] = [process.execPath, "--require", preload];

/** Waits until something holds; gives up shortly before mocha's limit (.mocharc.json), so that the message says what was waited for. */
export async function until(holds: () => boolean | Promise<boolean>): Promise<void> {
  const giveUpAt = performance.now() + 540_000;
  while (!(await holds())) {
    if (performance.now() > giveUpAt) throw new Error(`waited in vain for ${holds}`);
    await sleep(10);
  }
}

export interface VllmSetup {
  readonly adapters?: readonly PeftFixture[];
  readonly options?: Readonly<Record<string, unknown>>;
  readonly env?: Readonly<Record<string, string>>;
  /** Where the double listens. @default a free port */
  readonly doublePort?: number;
}

export interface VllmHost {
  readonly host: Host;
  readonly url: string;
  readonly operator: string;
  readonly doubleUrl: string;
  /** Folder of the adapters. */
  readonly folder: string;
  readonly state: () => Promise<DoubleState>;
  readonly faults: (faults: Partial<VllmFaults>) => Promise<void>;
  readonly close: () => Promise<void>;
}

export interface DoubleState {
  readonly pid: number;
  readonly counters: {
    readonly chat: number;
    readonly probes: number;
    readonly cancelled: number;
    readonly mixed: number;
    readonly loads: number;
    readonly unloads: number;
  };
  readonly registry: readonly string[];
  readonly worker: readonly string[];
  readonly running: number;
  readonly seen: readonly {
    readonly headers: Readonly<Record<string, string>>;
    readonly body: Readonly<Record<string, unknown>>;
  }[];
}

/** A host on the vLLM double, in this process; the double is a process of its own that the host starts. */
export async function startVllmHost({
  adapters = [],
  options = {},
  env = {},
  ...given
}: VllmSetup = {}): Promise<VllmHost> {
  const folder = await mkdtemp(join(tmpdir(), "inference-host-"));
  await writePeftAdapters(folder, "base-model", adapters);
  const doublePort = given.doublePort ?? (await freePort());
  const doubleUrl = `http://127.0.0.1:${doublePort}`;
  const variables = Object.entries(env);
  for (const [name, value] of variables) process.env[name] = value;
  const host = await startHost(
    readOptions(
      {
        engine: "vllm",
        baseModel: "base-model",
        adapters: folder,
        port: 0,
        operatorPort: 0,
        vllmUrl: doubleUrl,
        vllmExec: [...tsxWords, doublePath].join(" "),
        drainSeconds: 20,
        // A double on a machine under load may be silent for long.
        silenceSeconds: 60,
        ...options,
      },
      {},
    ),
    createLogger("inference-host", process.env.TEST_LOG ?? "silent"),
  );
  try {
    await host.ready;
  } catch (error) {
    await host.stop();
    throw error;
  } finally {
    for (const [name] of variables) delete process.env[name];
  }
  return {
    host,
    url: `http://127.0.0.1:${host.port}`,
    operator: `http://127.0.0.1:${host.operatorPort}`,
    doubleUrl,
    folder,
    state: async () => (await (await fetch(`${doubleUrl}/double/state`)).json()) as DoubleState,
    faults: async (faults) => {
      await fetch(`${doubleUrl}/double/faults`, { method: "POST", body: JSON.stringify(faults) });
    },
    close: async () => {
      await host.stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** Starts a program of this project as a process of its own. */
export function startProgram(
  file: string,
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): ChildProcess {
  const [command, ...words] = tsxWords;
  return spawn(command!, [...words, file, ...args], {
    env: { ...process.env, ...env },
    stdio: ["ignore", "pipe", "pipe"],
  });
}

/** A chat request with one question. */
export function chat(
  url: string,
  model: string,
  extra: Readonly<Record<string, unknown>> = {},
  init: RequestInit = {},
): Promise<Response> {
  return fetch(`${url}/v1/chat/completions`, {
    method: "POST",
    body: JSON.stringify({ model, messages: [{ role: "user", content: "Who goes there?" }], temperature: 0, ...extra }),
    ...init,
    headers: { "content-type": "application/json", ...init.headers },
  });
}

export interface StreamedAnswer {
  readonly text: string;
  readonly chunks: number;
  readonly models: ReadonlySet<string>;
  readonly finishReason: string | undefined;
  readonly error: { readonly message: string; readonly code: string | null } | undefined;
  readonly usage: { readonly completion_tokens: number } | undefined;
  /** True when the stream ended as it should, with [DONE]. */
  readonly done: boolean;
}

/** Reads a stream of chat chunks to its end. */
export async function readStream(response: Response): Promise<StreamedAnswer> {
  const body = await response.text();
  const events = body.split("\n\n").filter((event) => event !== "");
  const payloads = events
    .filter((event) => event !== "data: [DONE]")
    .map((event) => JSON.parse(event.slice(5)) as Chunk);
  const choices = payloads.flatMap(({ choices = [] }) => choices);
  return {
    text: choices.map(({ delta }) => delta?.content ?? "").join(""),
    chunks: choices.filter(({ delta }) => (delta?.content ?? "") !== "").length,
    models: new Set(payloads.flatMap(({ model }) => (model === undefined ? [] : [model]))),
    finishReason:
      choices.map(({ finish_reason }) => finish_reason).find((reason) => reason !== null && reason !== undefined) ??
      undefined,
    error: payloads.find(({ error }) => error !== undefined)?.error,
    usage: payloads.find(({ usage }) => usage)?.usage ?? undefined,
    done: events.at(-1) === "data: [DONE]",
  };
}

interface Chunk {
  readonly model?: string;
  readonly choices?: { readonly delta?: { readonly content?: string }; readonly finish_reason?: string | null }[];
  readonly usage?: { readonly completion_tokens: number } | null;
  readonly error?: { readonly message: string; readonly code: string | null };
}

/** The text of an answer that was not streamed. */
export async function answerText(response: Response): Promise<string> {
  const { choices } = (await response.json()) as { choices: { message: { content: string } }[] };
  return choices[0]!.message.content;
}

/** What became of one request. */
export interface RawOutcome {
  /** 0 when no answer came at all: the listener or the connection was closed already. */
  readonly status: number;
  /** The whole answer arrived, streams with [DONE] and every chunk. */
  readonly complete: boolean;
  /** Why no answer came. */
  readonly error?: string;
}

/** One chat request over a plain socket, for load: light enough that thousands run in one process. */
export function rawChat(
  port: number,
  agent: Agent,
  model: string,
  tokens: number,
  stream: boolean,
): Promise<RawOutcome> {
  return new Promise((resolve) => {
    let status = 0;
    let text = "";
    const call = request(
      {
        host: "127.0.0.1",
        port,
        path: "/v1/chat/completions",
        method: "POST",
        agent,
        headers: { "content-type": "application/json" },
      },
      (response) => {
        status = response.statusCode ?? 0;
        response.on("data", (data) => {
          text += data;
        });
        response.on("close", () => {
          const chunks = text.split('"content":"').length - 1;
          const whole = stream
            ? text.endsWith("data: [DONE]\n\n") && chunks === tokens && !text.includes('"error"')
            : response.complete;
          resolve({ status, complete: whole });
        });
      },
    );
    call.on("error", (error: NodeJS.ErrnoException) =>
      resolve({ status, complete: false, error: error.code ?? error.message }),
    );
    call.end(JSON.stringify({ model, stream, max_tokens: tokens, messages: [{ role: "user", content: "hello" }] }));
  });
}
