/** Load generator of bench/inference-host.ts, a process of its own: opens streams, reads stamped chunks, prints figures as JSON. */
import { Agent, request } from "node:http";

const [url = "", streamsText = "500", chunksText = "100", model = "base-model", headersText = "{}"] =
  process.argv.slice(2);
const streams = Number(streamsText);
const chunks = Number(chunksText);
const headers = JSON.parse(headersText) as Record<string, string>;
const agent = new Agent({ keepAlive: true, maxSockets: streams });
const body = JSON.stringify({
  model,
  stream: true,
  max_tokens: chunks,
  messages: [{ role: "user", content: "hello" }],
});
const latencies: number[] = [];
let seen = 0;
let failed = 0;
let unfinished = 0;

/** The stamp stands in each chunk's text as ` t=NANOSECONDS`, of the monotonic clock that all processes share. */
const stamp = /t=(\d+)/;

function one(): Promise<void> {
  return new Promise((resolve) => {
    const call = request(
      `${url}/v1/chat/completions`,
      { method: "POST", agent, headers: { "content-type": "application/json", ...headers } },
      (response) => {
        if (response.statusCode !== 200) failed++;
        let rest = "";
        let done = false;
        response.setEncoding("utf8");
        response.on("data", (text: string) => {
          const now = process.hrtime.bigint();
          const events = (rest + text).split("\n\n");
          rest = events.pop() ?? "";
          for (const event of events) {
            if (event.includes("[DONE]")) done = true;
            else if (event.includes('"content":"')) {
              seen++;
              const sentAt = stamp.exec(event);
              if (sentAt) latencies.push(Number(now - BigInt(sentAt[1]!)) / 1e6);
            }
          }
        });
        response.on("close", () => {
          if (!done) unfinished++;
          resolve();
        });
      },
    );
    call.on("error", () => {
      failed++;
      resolve();
    });
    call.end(body);
  });
}

async function main(): Promise<void> {
  // Streams start spread over one chunk interval, as players do.
  const work: Promise<void>[] = [];
  for (let index = 0; index < streams; index++) {
    work.push(new Promise((resolve) => setTimeout(() => void one().then(resolve), (index * 1_000) / streams)));
  }
  await Promise.all(work);
  latencies.sort((a, b) => a - b);
  const quantile = (share: number) =>
    latencies[Math.min(latencies.length - 1, Math.floor(latencies.length * share))] ?? Number.NaN;
  const figures = {
    p50: quantile(0.5),
    p95: quantile(0.95),
    p99: quantile(0.99),
    max: latencies.at(-1),
    seen,
    expected: streams * chunks,
    failed,
    unfinished,
  };
  process.stdout.write(`${JSON.stringify(figures)}\n`);
  process.exit(0);
}

void main();
