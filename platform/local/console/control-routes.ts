import type { ServerResponse } from "node:http";
import { z } from "zod";
import { adapterNamesOf } from "../../../contracts/archetypes";
import { RequestError } from "../../../runtime/openai/errors";
import { readBody, sendJson } from "../../../runtime/openai/http";
import { parseBody } from "../../../runtime/openai/requests";
import { EventStream } from "../../../runtime/streaming/event-stream";
import type { ChatChunk, ChatTurn, LocalControl } from "../state";
import type { Route } from "./route";

/** Longest body of a request, in bytes. */
const bodyLimitBytes = 256 * 1024;
/** A snapshot comes at least this often: what changes by itself is shown, and a silent connection is known to be dead. */
const snapshotMs = 5000;
/** How long a reader of a chat may leave its socket full, in milliseconds. */
const stallMs = 30_000;

const playersBody = z.strictObject({ players: z.number() });
const searchBody = z.strictObject({ query: z.string().trim().min(1).max(1000) });
const turnBody = z.strictObject({
  model: z.string().max(200),
  messages: z
    .array(z.strictObject({ role: z.enum(["user", "assistant"]), content: z.string().min(1).max(8000) }))
    .min(1)
    .max(50),
});

/** What the page asks of the running platform. */
export function controlRoutes(control: LocalControl): [path: string, route: Route][] {
  return [
    ["/api/events", { method: "GET", answer: ({ response }) => streamState(control, response) }],
    ["/api/logs", { method: "GET", answer: ({ response, query }) => sendJson(response, 200, log(control, query)) }],
    [
      "/api/players",
      post(playersBody, ({ players }, response) => {
        control.setPlayers(players);
        sendJson(response, 200, control.state().load);
      }),
    ],
    [
      "/api/search",
      post(searchBody, async ({ query }, response) => {
        const { status, body } = await control.search(query);
        sendJson(response, status, body);
      }),
    ],
    ["/api/chat", post(turnBody, (turn, response) => streamChat(control, known(control, turn), response))],
  ];
}

function post<Schema extends z.ZodType>(
  schema: Schema,
  answer: (body: z.output<Schema>, response: ServerResponse) => void | Promise<void>,
): Route {
  return {
    method: "POST",
    answer: async ({ request, response }) =>
      answer(parseBody(schema, await readBody(request, bodyLimitBytes)), response),
  };
}

/** Who can be talked to, and about what. */
function cast(control: LocalControl): {
  readonly archetypes: readonly string[];
  readonly adapterTasks: readonly string[];
} {
  const { archetypes } = control.registry();
  const tasks = [...archetypes.values()].flatMap(({ adapters }) => adapters.tasks);
  return { archetypes: [...archetypes.keys()], adapterTasks: [...new Set(tasks)] };
}

/** @throws RequestError 400 for a model that no archetype here has */
function known(control: LocalControl, turn: ChatTurn): ChatTurn {
  if (adapterNamesOf(control.registry()).includes(turn.model)) return turn;
  const { archetypes, adapterTasks } = cast(control);
  const allowed = `ARCHETYPE/TASK, of ${archetypes.join(", ")} and ${adapterTasks.join(", ")}`;
  throw new RequestError(400, `model: allowed is ${allowed}.`, "model", "invalid_value");
}

function log(control: LocalControl, query: URLSearchParams) {
  const name = query.get("name") ?? "";
  const { services, tiers } = control.state();
  const names = [
    ...services.map((service) => service.name),
    ...tiers.flatMap(({ nodes }) => nodes.map(({ id }) => id)),
  ];
  if (!names.includes(name)) throw new RequestError(404, `No service or node is named ${JSON.stringify(name)}.`);
  return { name, lines: control.logs(name) };
}

/** First what never changes, then a whole snapshot after each change. A reader that is behind gets the latest one only. */
function streamState(control: LocalControl, response: ServerResponse): void {
  response.writeHead(200, { "content-type": "text/event-stream; charset=utf-8" });
  response.write(`retry: 1000\nevent: about\ndata: ${JSON.stringify({ ...cast(control), model: control.model })}\n\n`);
  let behind = false;
  const send = (): void => {
    behind = response.writableNeedDrain;
    if (!behind) response.write(`data: ${JSON.stringify({ at: Date.now(), state: control.state() })}\n\n`);
  };
  const forget = control.onChange(send);
  const timer = setInterval(send, snapshotMs);
  response.on("drain", () => behind && send());
  response.once("close", () => {
    forget();
    clearInterval(timer);
  });
  send();
}

/** An event for each chunk, `[DONE]` at the end; a break is a chunk with an error. A client that leaves ends the turn. */
async function streamChat(control: LocalControl, turn: ChatTurn, response: ServerResponse): Promise<void> {
  const leave = new AbortController();
  response.once("close", () => leave.abort());
  const stream = new EventStream(response, stallMs, () => leave.abort());
  const say = (chunk: ChatChunk) => stream.send(Buffer.from(`data: ${JSON.stringify(chunk)}\n\n`));
  try {
    for await (const chunk of control.chat(turn, leave.signal)) await say(chunk);
  } catch (error) {
    if (leave.signal.aborted) {
      response.destroy();
      return;
    }
    await say({ error: (error as Error).message, status: 502 });
  }
  stream.end();
}
