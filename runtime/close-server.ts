import { once } from "node:events";
import type { Server } from "node:http";
import { setImmediate as turn } from "node:timers/promises";

/** Turns of the event loop in which what has reached this machine is heard: a connection is taken in one, its bytes are read in the next. */
const quietTurns = 4;
/** Milliseconds for each of the two ends that do not come by themselves: clients that go on asking, and sockets that stay open. */
const longestMs = 1_000;

/**
 * Closes a server that refuses requests by now and has answered those that it took. What clients have sent is still read and refused
 * first: a connection that is closed on unread bytes is reset, and its client learns nothing.
 */
export async function closeServer(server: Server): Promise<void> {
  let quiet = 0;
  const heard = () => {
    quiet = 0;
  };
  server.on("connection", heard);
  server.on("request", heard);
  const giveUpAt = performance.now() + longestMs;
  while (quiet < quietTurns && performance.now() < giveUpAt) {
    quiet += 1;
    await turn();
  }
  const closed = once(server, "close");
  server.close();
  server.closeIdleConnections();
  const timer = setTimeout(() => server.closeAllConnections(), longestMs);
  await closed;
  clearTimeout(timer);
}
