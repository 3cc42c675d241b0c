import { once } from "node:events";
import type { RequestListener, Server } from "node:http";
import { Server as Listener } from "node:net";
import { setImmediate as turn } from "node:timers/promises";

/** Turns of the event loop without a new connection after which none waits to be taken; each turn takes one. */
const quietTurns = 4;
/** Milliseconds that connections may go on arriving before the server stops listening under them. */
const longestMs = 1_000;
/** Milliseconds that idle connections get by default to bring a request which is on its way: longer than a round trip. */
const shortestIdleMs = 50;
/** What they get where clients are other machines under load, which may take long between choosing a connection and sending. */
export const patientIdleMs = 1_000;
/** Milliseconds until everything ends that does not end by itself. */
const cutMs = 2_000;

/**
 * Closes a server that refuses requests by now and has answered those that it took, without a reset: whoever has connected by then gets
 * an answer, and later ones find that nobody listens.
 *
 * The kernel resets connections that wait to be taken when the listening socket closes, so they are all taken first. A client that is
 * refused asks again at once; requests are therefore held until nobody listens any more, and answered then. Idle connections get a moment
 * in which a request may arrive; its answer says that it is the last.
 * @param idleMs Milliseconds of that moment
 */
export async function closeServer(server: Server, idleMs: number = shortestIdleMs): Promise<void> {
  const release = holdRequests(server);
  await untilQuiet(server);
  const closed = once(server, "close");
  // Server.close of node:http would close idle connections at once, in the middle of what their clients are sending.
  Listener.prototype.close.call(server);
  release();
  const timers = [
    setTimeout(() => server.closeIdleConnections(), idleMs),
    setTimeout(() => server.closeAllConnections(), cutMs),
  ];
  await closed;
  for (const timer of timers) clearTimeout(timer);
  // Ends the look for slow clients, which would keep the process alive.
  server.close();
}

/** Keeps requests from the server's listeners until it is called. Every answer from then on ends its connection. */
function holdRequests(server: Server): () => void {
  const listeners = server.listeners("request") as RequestListener[];
  const held: Parameters<RequestListener>[] = [];
  let holding = true;
  const hand = (...[request, response]: Parameters<RequestListener>) => {
    for (const listener of listeners) listener.call(server, request, response);
  };
  server.removeAllListeners("request");
  server.on("request", (request, response) => {
    response.shouldKeepAlive = false;
    if (holding) held.push([request, response]);
    else hand(request, response);
  });
  return () => {
    holding = false;
    for (const each of held.splice(0)) hand(...each);
  };
}

async function untilQuiet(server: Server): Promise<void> {
  let quiet = 0;
  const heard = () => {
    quiet = 0;
  };
  server.on("connection", heard);
  const giveUpAt = performance.now() + longestMs;
  while (quiet < quietTurns && performance.now() < giveUpAt) {
    quiet += 1;
    await turn();
  }
  server.off("connection", heard);
}
