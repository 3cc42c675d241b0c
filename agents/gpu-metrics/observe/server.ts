import { createServer, type Server } from "node:http";
import { healthPaths } from "../../../contracts/health";
import { type ListenAddress, listen } from "../../../runtime/listen";
import type { Agent } from "../agent";

/** How the agent is. */
export interface Health {
  readonly status: "ok" | "stale" | "unhealthy";
  readonly source: string | null;
  /** Seconds since the GPUs were read; null before the first time. */
  readonly sampleAgeSeconds: number | null;
  readonly publishing: boolean;
  /** Why nothing is published; null while it is. */
  readonly silentBecause: string | null;
  readonly bufferedData: number;
  readonly faults: readonly { readonly code: string; readonly detail: string }[];
}

/** Sums up the agent for a health check: stale samples or a fault of the GPUs are a failure. */
export function describeHealth(agent: Agent): Health {
  const age = agent.sampleAge();
  const verdict = agent.meter.verdict();
  const faults = agent.health.faults();
  const stale = age === undefined || age > agent.staleAfter();
  return {
    status: faults.length > 0 ? "unhealthy" : stale ? "stale" : "ok",
    source: agent.manager.current() ?? null,
    sampleAgeSeconds: age === undefined ? null : Math.round(age / 100) / 10,
    publishing: verdict.open,
    silentBecause: verdict.open ? null : verdict.reason,
    bufferedData: agent.buffer.size,
    faults,
  };
}

/**
 * Serves /metrics and /healthz. What makes the series is loaded with the first scrape: most nodes are never scraped.
 * @throws InputError where the address is taken or not this machine's
 */
export async function serve(agent: Agent, address: ListenAddress): Promise<Server> {
  let metrics: Promise<{ contentType: string; text(): Promise<string> }> | undefined;
  const server = createServer(async (request, response) => {
    const path = (request.url ?? "").split("?")[0];
    if (request.method !== "GET") response.writeHead(405, { allow: "GET" }).end();
    else if (path === healthPaths.gpuMetrics.live) {
      const health = describeHealth(agent);
      response.writeHead(health.status === "ok" ? 200 : 503, { "content-type": "application/json" });
      response.end(`${JSON.stringify(health)}\n`);
    } else if (path === healthPaths.gpuMetrics.metrics) {
      metrics ??= import("./metrics.js").then(({ SelfMetrics }) => new SelfMetrics(agent));
      const series = await metrics;
      response.writeHead(200, { "content-type": series.contentType });
      response.end(await series.text());
    } else response.writeHead(404).end();
  });
  await listen(server, address, {
    host: { path: "host", where: "--host, GPU_METRICS_HOST or HOST" },
    port: { path: "port", where: "--port, GPU_METRICS_PORT or PORT" },
  });
  return server;
}
