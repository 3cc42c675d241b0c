import { InputError } from "../../contracts/input-error";
import { freePort, isFree } from "../../runtime/free-port";

/** Hands out loopback ports of this machine; none twice. */
export interface Ports {
  /**
   * The next port from the base on; any free one where the base is 0.
   * @param what Whose port it is, for the message.
   * @throws InputError naming the port and `--port-base` where somebody listens there.
   */
  next(what: string): Promise<number>;
  /** A free port, for what comes and goes. */
  free(): Promise<number>;
}

/** @param base First port of those that stay the same from start to start; 0 for any free ones. */
export function createPorts(base: number): Ports {
  const given = new Set<number>();
  let following = base;

  async function free(): Promise<number> {
    for (;;) {
      const port = await freePort();
      if (!given.has(port)) return keep(port);
    }
  }

  function keep(port: number): number {
    given.add(port);
    return port;
  }

  return {
    free,
    async next(what) {
      if (base === 0) return free();
      const port = following++;
      if (port > 65_535) throw taken(what, port, "a base that leaves room below 65536");
      if (!(await isFree(port))) {
        throw taken(what, port, "a port that nobody listens at; another base, or 0 for free ones");
      }
      return keep(port);
    },
  };
}

/**
 * Reads `--port-base`.
 * @throws InputError for anything but 0 or a port that an ordinary user may open.
 */
export function parsePortBase(text: string): number {
  const base = Number(text);
  if (/^\d+$/.test(text) && (base === 0 || (base >= 1024 && base <= 65_000))) return base;
  throw new InputError({
    path: "port-base",
    given: text,
    allowed: "0 for free ports, or 1024 to 65000",
    where: "--port-base",
  });
}

function taken(what: string, port: number, allowed: string): InputError {
  return new InputError({ path: `port of ${what}`, given: port, allowed, where: "--port-base" });
}
