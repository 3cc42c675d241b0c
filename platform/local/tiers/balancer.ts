import { Agent, createServer } from "node:http";
import { closeServer, forward } from "../proxy";

/** A tier's load balancer on loopback. */
export interface Balancer {
  readonly url: string;
  /** Takes a node in; it gets requests once it says that it is ready. */
  register(id: string, port: number): void;
  /** Sends a node no further request; those that it has go on. */
  deregister(id: string): void;
  close(milliseconds: number): Promise<void>;
}

interface Target {
  readonly port: number;
  healthy: boolean;
  misses: number;
  outstanding: number;
}

export interface BalancerOptions {
  readonly port: number;
  /** Path of the declared health check. */
  readonly healthPath: string;
  /** Seconds without a byte after which a connection is closed. */
  readonly idleSeconds: number;
  /** Name of the tier, for messages. */
  readonly name: string;
}

/** Milliseconds between two health checks; a cloud's takes ten seconds, which nobody wants to wait for at a desk. */
const checkMs = 1_000;
const checkTimeoutMs = 2_000;
/** Failed checks in a row that take a node out. */
const missesAllowed = 3;

/** What an Application Load Balancer says where no target is healthy. */
const nobody = "<html><head><title>503 Service Temporarily Unavailable</title></head></html>";

/** Starts a load balancer with the algorithm of the stack's target groups: the node with the fewest requests under way is next. */
export async function startBalancer({ port, healthPath, idleSeconds, name }: BalancerOptions): Promise<Balancer> {
  const agent = new Agent({ keepAlive: true });
  const targets = new Map<string, Target>();
  const server = createServer((incoming, outgoing) => {
    const target = [...targets.values()]
      .filter(({ healthy }) => healthy)
      .reduce<Target | undefined>(
        (best, each) => (best && best.outstanding <= each.outstanding ? best : each),
        undefined,
      );
    if (target === undefined) {
      outgoing.writeHead(503, { "content-type": "text/html" }).end(nobody);
      return;
    }
    target.outstanding += 1;
    outgoing.once("close", () => {
      target.outstanding -= 1;
    });
    forward(incoming, outgoing, { agent, port: target.port, idleMs: idleSeconds * 1000, service: `a node of ${name}` });
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, "127.0.0.1", resolve);
  });
  const check = async (target: Target): Promise<void> => {
    const ready = await answers(`http://127.0.0.1:${target.port}${healthPath}`);
    target.misses = ready ? 0 : target.misses + 1;
    target.healthy = ready || (target.healthy && target.misses < missesAllowed);
  };
  const timer = setInterval(() => {
    for (const target of targets.values()) void check(target);
  }, checkMs).unref();
  return {
    url: `http://127.0.0.1:${port}`,
    register(id, nodePort) {
      const target: Target = { port: nodePort, healthy: false, misses: 0, outstanding: 0 };
      targets.set(id, target);
      void check(target);
    },
    deregister: (id) => void targets.delete(id),
    close(milliseconds) {
      clearInterval(timer);
      return closeServer(server, milliseconds).finally(() => agent.destroy());
    },
  };
}

async function answers(url: string): Promise<boolean> {
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(checkTimeoutMs) });
    await response.arrayBuffer();
    return response.ok;
  } catch {
    return false;
  }
}
