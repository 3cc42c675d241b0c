import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

/** What the double does with the next requests; `answer` when the list is empty. */
export type Behaviour =
  /** Two chunks and a usage event, or a whole answer, both with the messages it was sent as text. */
  | "answer"
  /** As a node whose queue is full. */
  | "full"
  /** As a node whose model has not answered yet. */
  | "loading"
  /** As a node whose engine is gone. */
  | "engine-gone"
  /** As a node that drains. */
  | "leaving"
  /** As a load balancer without a healthy node. */
  | "no-node"
  /** Closes the connection before a byte. */
  | "reset"
  /** Closes it after the first chunk. */
  | "break"
  /** Closes it in the middle of an event. */
  | "tear"
  /** Says nothing for ever. */
  | "silent"
  /** Answers after three seconds. */
  | "slow"
  /** Sends the head of its answer and nothing more. */
  | "head-only"
  /** Sends one chunk and nothing more. */
  | "stall"
  /** Answers 200 with a page, as some proxy between. */
  | "page"
  /** Streams an error as the first event, as a node whose engine went away under the request. */
  | "begin-with-error"
  /** Streams a refusal of the request as the first event. */
  | "begin-with-refusal"
  /** Ends the stream without `[DONE]`. */
  | "unfinished"
  /** Streams until the client goes. */
  | "endless"
  /** As a node whose model has room for five messages. */
  | "short"
  /** As a node whose model has no room for the request. */
  | "too-long"
  | "fail";

export interface TierDouble {
  readonly url: string;
  readonly seen: readonly { readonly headers: IncomingMessage["headers"]; readonly body: ChatBody }[];
  /** Requests that the other side gave up. */
  readonly cancelled: number;
  plan(...next: Behaviour[]): void;
  /** What is done when nothing is planned. */
  always: Behaviour;
  close(): Promise<void>;
}

export interface ChatBody {
  readonly model: string;
  readonly stream?: boolean;
  readonly stream_options?: unknown;
  readonly messages: readonly { readonly role: string; readonly content: string }[];
}

/**
 * A double of a tier: speaks the inference host's documented API and its errors, and those of an Application Load Balancer without
 * targets. It computes nothing.
 * @param remembers Keeps every request in `seen`
 */
export async function startTierDouble(name: string, port = 0, remembers = true): Promise<TierDouble> {
  const seen: { headers: IncomingMessage["headers"]; body: ChatBody }[] = [];
  const planned: Behaviour[] = [];
  const state = { always: "answer" as Behaviour, cancelled: 0 };
  const server = createServer((request, response) => {
    if (request.url === "/v1/models") {
      const data = [
        { id: `${name}-base`, parent: null },
        { id: "lich/personality", parent: `${name}-base`, fallback: null },
      ];
      return json(response, 200, { object: "list", data });
    }
    let text = "";
    request.on("data", (chunk: Buffer) => {
      text += chunk.toString();
    });
    request.on("end", () => {
      const body = JSON.parse(text) as ChatBody;
      if (remembers) seen.push({ headers: request.headers, body });
      response.on("close", () => {
        if (!response.writableFinished) state.cancelled += 1;
      });
      response.setHeader("x-request-id", String(request.headers["x-request-id"]));
      act(planned.shift() ?? state.always, body, response);
    });
  });
  server.listen(port, "127.0.0.1");
  await once(server, "listening");
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    seen,
    get cancelled() {
      return state.cancelled;
    },
    get always() {
      return state.always;
    },
    set always(behaviour: Behaviour) {
      state.always = behaviour;
    },
    plan: (...next) => planned.push(...next),
    async close() {
      server.close();
      server.closeAllConnections();
    },
  };

  function act(behaviour: Behaviour, body: ChatBody, response: ServerResponse) {
    const said = body.messages?.map(({ role, content }) => `${role}: ${content}`).join(" | ") ?? "";
    if (behaviour === "full") {
      response.setHeader("retry-after", "1");
      return json(response, 429, {
        error: { message: "the queue is full", type: "rate_limit_error", param: null, code: null },
      });
    }
    if (behaviour === "loading" || behaviour === "engine-gone") {
      const code = behaviour === "loading" ? "not_ready" : "engine_failed";
      response.setHeader("retry-after", "5");
      const message = behaviour === "loading" ? "the model has not answered yet" : "the engine is gone";
      return json(response, 503, { error: { message, type: "service_unavailable", param: null, code } });
    }
    if (behaviour === "leaving") {
      response.setHeader("retry-after", "1");
      return json(response, 503, { error: { message: "this node takes no requests", code: "draining" } });
    }
    if (behaviour === "fail") return json(response, 500, { error: { message: "broken" } });
    if (behaviour === "no-node") {
      response.removeHeader("x-request-id");
      response.writeHead(503, { "content-type": "text/html" }).end("<html>503 Service Temporarily Unavailable</html>");
      return;
    }
    if (behaviour === "page") {
      response.writeHead(200, { "content-type": "text/html" }).end("<html>Welcome</html>");
      return;
    }
    if (behaviour === "reset") return void response.socket?.destroy();
    if (behaviour === "silent") return;
    if (behaviour === "slow") return void setTimeout(() => act("answer", body, response), 3_000);
    if (behaviour === "too-long" || (behaviour === "short" && body.messages.length > 5)) {
      const message = "This model's maximum context length is 5 messages.";
      const error = { message, type: "invalid_request_error", param: null, code: "context_length_exceeded" };
      return json(response, 400, { error });
    }
    const usage = { prompt_tokens: 7, completion_tokens: 2, total_tokens: 9 };
    if (body.stream !== true) {
      const message = { role: "assistant", content: `${name}: ${said}` };
      const choices = [{ index: 0, message, finish_reason: "stop" }];
      const head = { id: "chatcmpl-double", object: "chat.completion", created: 0, model: body.model };
      return json(response, 200, { ...head, choices, usage });
    }
    response.writeHead(200, { "content-type": "text/event-stream; charset=utf-8" });
    const event = (value: unknown) => `data: ${JSON.stringify(value)}\n\n`;
    const chunk = (content: string) =>
      event({ model: body.model, choices: [{ index: 0, delta: { content }, finish_reason: null }] });
    if (behaviour === "head-only") return response.flushHeaders();
    if (behaviour === "begin-with-error" || behaviour === "begin-with-refusal") {
      const gone = { message: "the engine is gone", type: "service_unavailable", param: null, code: "engine_failed" };
      const wrong = { message: "no such grammar", type: "invalid_request_error", param: null, code: 400 };
      const sent = event({ error: behaviour === "begin-with-error" ? gone : wrong });
      // A comment, and the event in two pieces: it is understood all the same.
      response.write(`: waiting\n\n${sent.slice(0, 30)}`);
      setImmediate(() => response.end(`${sent.slice(30)}data: [DONE]\n\n`));
      return;
    }
    response.write(chunk(`${name}: `));
    if (behaviour === "stall") return;
    if (behaviour === "tear") response.write('data: {"choi');
    if (behaviour === "break" || behaviour === "tear") return void setTimeout(() => response.socket?.destroy(), 20);
    if (behaviour === "endless") {
      const timer = setInterval(() => response.write(chunk(".")), 5);
      response.once("close", () => clearInterval(timer));
      return;
    }
    response.write(chunk(said));
    response.write(event({ model: body.model, choices: [], usage }));
    response.end(behaviour === "unfinished" ? undefined : "data: [DONE]\n\n");
  }
}

function json(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body));
}
