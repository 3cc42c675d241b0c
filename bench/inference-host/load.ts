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
const stamp = /t=(\d+)/;

/** Nanoseconds of that clock at which a chunk was read, and the milliseconds that it took. */
const reads: { readonly at: bigint; readonly ms: number }[] = [];
let seen = 0;
let failed = 0;
let unfinished = 0;
let opened = 0;
let allOpenAt = 0n;
let firstEndAt = 0n;

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
          const at = process.hrtime.bigint();
          const events = (rest + text).split("\n\n");
          rest = events.pop() ?? "";
          for (const event of events) {
            if (event.includes("[DONE]")) done = true;
            else if (event.includes('"content":"')) {
              if (got++ === 0) onFirst();
              const sentAt = stamp.exec(event);
              if (sentAt) reads.push({ at, ms: Number(at - BigInt(sentAt[1]!)) / 1e6 });
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
    if (++opened === clients) allOpenAt = process.hrtime.bigint();
  });
  await stream(chunks - first, () => {});
  if (firstEndAt === 0n) firstEndAt = process.hrtime.bigint();
}

function quantiles(values: readonly number[]) {
  const sorted = [...values].sort((a, b) => a - b);
  const at = (share: number) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
  return { p50: at(0.5), p95: at(0.95), p99: at(0.99), max: at(1) };
}

async function main(): Promise<void> {
  await Promise.all(Array.from({ length: clients }, (_, index) => client(index)));
  const steady = reads.filter(({ at }) => at >= allOpenAt && at < firstEndAt).map(({ ms }) => ms);
  const figures = {
    ...quantiles(steady),
    counted: steady.length,
    /** The opening of all streams within two seconds included. */
    p99WithRamp: quantiles(reads.map(({ ms }) => ms)).p99,
    seen,
    expected: clients * chunks,
    failed,
    unfinished,
  };
  process.stdout.write(`${JSON.stringify(figures)}\n`);
  process.exit(0);
}

void main();
