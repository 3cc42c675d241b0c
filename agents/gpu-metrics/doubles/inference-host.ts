import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { inferenceSeries } from "../../../contracts/inference-metrics";

/** What the double says of itself; may change at any time. */
export interface InferenceDoubleState {
  ready: boolean;
  draining: boolean;
  queueDepth: number;
  running: number;
  /** 0-1 */
  kvCacheUsage: number;
  preallocates: boolean;
  /** Cumulative counts by upper bound in seconds. */
  durations: Record<string, number>;
}

/** A double of the inference host's /metrics: real HTTP and the agreed series, no engine behind them. */
export interface InferenceDouble {
  readonly url: string;
  readonly state: InferenceDoubleState;
  /** Times that the metrics were read. */
  scrapes: number;
  close(): Promise<void>;
}

/** Starts the double. @param port 0 for a free one. */
export async function startInferenceDouble(port = 0): Promise<InferenceDouble> {
  const state: InferenceDoubleState = {
    ready: true,
    draining: false,
    queueDepth: 3,
    running: 8,
    kvCacheUsage: 0.5,
    preallocates: true,
    durations: { "0.1": 0, "0.25": 50, "0.5": 90, "1": 100, "+Inf": 100 },
  };
  const server = createServer((_, response) => {
    double.scrapes += 1;
    response.writeHead(200, { "content-type": "text/plain; version=0.0.4" }).end(exposition(state));
  });
  await new Promise<void>((resolve) => server.listen(port, "127.0.0.1", resolve));
  const double: InferenceDouble = {
    scrapes: 0,
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/metrics`,
    state,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
  return double;
}

function exposition(state: InferenceDoubleState): string {
  const s = inferenceSeries;
  const lines = [
    `# TYPE ${s.ready} gauge`,
    `${s.ready} ${state.ready ? 1 : 0}`,
    `${s.draining} ${state.draining ? 1 : 0}`,
    `${s.queueDepth}{archetype="vampire"} ${state.queueDepth}`,
    `${s.running} ${state.running}`,
    `${s.kvCacheUsage} ${state.kvCacheUsage}`,
    `${s.preallocates} ${state.preallocates ? 1 : 0}`,
    ...Object.entries(state.durations).map(([le, count]) => `${s.requestDuration}_bucket{le="${le}"} ${count}`),
    `${s.requestDuration}_count ${state.durations["+Inf"] ?? 0}`,
  ];
  return `${lines.join("\n")}\n`;
}
