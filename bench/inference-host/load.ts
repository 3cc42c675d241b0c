/**
 * Load generator of bench/inference-host.ts, a process of its own: so many clients read stamped chunks and the figures are
 * printed as JSON. A client asks for two streams, one after the other; where the first ends is different for each client, so
 * that streams end and open all the time, as players come and go. Latency is counted while every client has a stream: from
 * the moment that the last one has opened its first to the moment that the first one has ended its second.
 */
import { Agent, request } from "node:http";

const [url = "", streamsText = "500", chunksText = "100", model = "base-model", headersText = "{}"] =
  process.argv.slice(2);
const clients = Number(streamsText);
const chunks = Number(chunksText);
const headers = JSON.parse(headersText) as Record<string, string>;
const agent = new Agent({ keepAlive: true, maxSockets: clients });

/** Milliseconds over which the clients open their first streams. */
const rampMs = 2_000;
/** The stamp stands in each chunk's text as ` t=NANOSECONDS`, of the monotonic clock that all processes share. */
const stamp = " t=";

/** Milliseconds of that clock at which each chunk was read, and those that it took; room for all, so that reading makes no garbage. */
const readAt = new Float64Array(clients * chunks);
const took = new Float64Array(clients * chunks);
let reads = 0;
let seen = 0;
let failed = 0;
let unfinished = 0;
let opened = 0;
let allOpenAt = 0;
let firstEndAt = 0;

/** Reads one stream of so many chunks to its end. */
function stream(tokens: number, onFirst: () => void): Promise<void> {
  return new Promise((resolve) => {
    const call = request(
      `${url}/v1/chat/completions`,
      { method: "POST", agent, headers: { "content-type": "application/json", ...headers } },
      (response) => {
        if (response.statusCode !== 200) failed++;
        let rest = "";
        let done = false;
        let got = 0;
        response.setEncoding("utf8");
        response.on("data", (text: string) => {
          const at = now();
          const events = (rest + text).split("\n\n");
          rest = events.pop() ?? "";
          for (const event of events) {
            if (event.includes("[DONE]")) done = true;
            else if (event.includes('"content":"')) {
              if (got++ === 0) onFirst();
              const sentAt = event.indexOf(stamp);
              if (sentAt < 0) continue;
              readAt[reads] = at;
              took[reads++] = at - Number.parseInt(event.slice(sentAt + stamp.length), 10) / 1e6;
            }
          }
        });
        response.on("close", () => {
          seen += got;
          if (!done) unfinished++;
          resolve();
        });
      },
    );
    call.on("error", () => {
      failed++;
      resolve();
    });
    call.end(
      JSON.stringify({ model, stream: true, max_tokens: tokens, messages: [{ role: "user", content: "hello" }] }),
    );
  });
}

async function client(index: number): Promise<void> {
  const first = 1 + Math.floor(((chunks - 2) * index) / clients);
  await new Promise((resolve) => setTimeout(resolve, (index * rampMs) / clients));
  await stream(first, () => {
    if (++opened === clients) allOpenAt = now();
  });
  await stream(chunks - first, () => {});
  firstEndAt ||= now();
}

/** Milliseconds of the monotonic clock. */
function now(): number {
  const [seconds, nanoseconds] = process.hrtime();
  return seconds * 1e3 + nanoseconds / 1e6;
}

function quantiles(values: Float64Array) {
  const sorted = values.toSorted();
  const at = (share: number) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
  return { p50: at(0.5), p95: at(0.95), p99: at(0.99), max: at(1) };
}

async function main(): Promise<void> {
  await Promise.all(Array.from({ length: clients }, (_, index) => client(index)));
  const all = took.subarray(0, reads);
  const steady = all.filter((_, read) => readAt[read]! >= allOpenAt && readAt[read]! < firstEndAt);
  const figures = {
    ...quantiles(steady),
    counted: steady.length,
    /** The opening of all streams within two seconds included. */
    p99WithRamp: quantiles(all).p99,
    seen,
    expected: clients * chunks,
    failed,
    unfinished,
  };
  process.stdout.write(`${JSON.stringify(figures)}\n`);
  process.exit(0);
}

void main();
