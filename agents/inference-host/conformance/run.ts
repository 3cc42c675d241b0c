import type { RequestKind } from "../../../contracts/openai";
import { RequestError } from "../../../runtime/openai/errors";
import { type EnginePromise, holdToPromise } from "../engines/promise";
import { type Answer, type AnswerBody, type Case, cases } from "./cases";

/** A server that speaks the API, and what its engine promises. */
export interface Target {
  readonly name: string;
  readonly url: string;
  readonly model: string;
  readonly promise: EnginePromise;
  readonly headers?: Readonly<Record<string, string>>;
}

/** How a case went: `refused` where the engine does not promise it and the host says so in one line. */
export interface Result {
  readonly name: string;
  readonly always: boolean;
  readonly outcome: "served" | "refused" | "failed";
  /** What was wrong. */
  readonly reason?: string;
}

const paths: Readonly<Record<RequestKind, string>> = {
  chat: "/v1/chat/completions",
  completion: "/v1/completions",
  embedding: "/v1/embeddings",
};
/** Milliseconds that a case may take. */
const caseMs = 120_000;

/** Sends every case to a server, one after the other. */
export async function runCases(target: Target): Promise<readonly Result[]> {
  const results: Result[] = [];
  for (const each of cases) results.push(await runCase(target, each));
  return results;
}

async function runCase(target: Target, each: Case): Promise<Result> {
  const { name, kind, body, always = false } = each;
  try {
    const answer = await ask(target, kind, body);
    if (!promised(kind, body, target.promise)) {
      const { code, message = "" } = answer.body.error ?? {};
      const refused = answer.status === 400 && code === "unsupported_parameter" && !message.includes("\n");
      return refused
        ? { name, always, outcome: "refused" }
        : { name, always, outcome: "failed", reason: `not promised, and answered ${answer.status}` };
    }
    const reason = each.wrong(answer);
    return reason === undefined ? { name, always, outcome: "served" } : { name, always, outcome: "failed", reason };
  } catch (error) {
    return { name, always, outcome: "failed", reason: error instanceof Error ? error.message : String(error) };
  }
}

function promised(kind: RequestKind, body: Case["body"], promise: EnginePromise): boolean {
  try {
    holdToPromise(kind, body, promise);
    return true;
  } catch (error) {
    if (error instanceof RequestError) return false;
    throw error;
  }
}

async function ask({ url, model, headers }: Target, kind: RequestKind, body: Case["body"]): Promise<Answer> {
  const response = await fetch(`${url}${paths[kind]}`, {
    method: "POST",
    headers: { "content-type": "application/json", ...headers },
    body: JSON.stringify({ model, ...body }),
    signal: AbortSignal.timeout(caseMs),
  });
  const { status } = response;
  const sent = await response.text();
  if (!response.headers.get("content-type")?.startsWith("text/event-stream"))
    return { status, body: JSON.parse(sent) as AnswerBody, events: [], done: false };
  const lines = sent.split("\n\n").filter((event) => event.startsWith("data:"));
  const events = lines
    .filter((event) => !event.includes("[DONE]"))
    .map((event) => JSON.parse(event.slice(5)) as AnswerBody);
  const failed = events.find(({ error }) => error);
  return {
    status: failed ? 500 : status,
    body: {
      choices: events.flatMap(({ choices = [] }) => choices),
      usage: events.findLast(({ usage }) => usage)?.usage ?? null,
      error: failed?.error ?? null,
    },
    events,
    done: lines.at(-1)?.includes("[DONE]") === true,
  };
}

/** The results of several targets beside each other, as the documents show them. */
export function tableOf(all: ReadonlyMap<string, readonly Result[]>): string {
  const names = [...all.keys()];
  const marks = { served: "yes", refused: "refused", failed: "NO" } as const;
  const rows = cases.map(({ name }) => {
    const cells = names.map((target) => marks[all.get(target)!.find((result) => result.name === name)!.outcome]);
    return `| ${name} | ${cells.join(" | ")} |`;
  });
  return [`| request | ${names.join(" | ")} |`, `|---|${names.map(() => "---|").join("")}`, ...rows].join("\n");
}
