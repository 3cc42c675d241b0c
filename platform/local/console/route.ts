import type { IncomingMessage, ServerResponse } from "node:http";

/** How one path is answered; what `answer` throws becomes an error answer. */
export interface Route {
  readonly method: "GET" | "POST";
  readonly answer: (exchange: Exchange) => void | Promise<void>;
}

export interface Exchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly query: URLSearchParams;
}
