import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:http";
import { type AddressInfo, connect } from "node:net";
import { gunzipSync } from "node:zlib";
import { ownKey, type RunningRouter, readStream, type StartSetup, startTestRouter, until } from "./testing/start";
import { type Behaviour, startTierDouble, type TierDouble } from "./testing/tier-double";

const question = { model: "lich/personality", messages: [{ role: "user", content: "hello" }] };
const chat = "/v1/chat/completions";

describe("the router before two tier doubles", () => {
  let gold: TierDouble;
  let silver: TierDouble;
  let running: RunningRouter | undefined;

  beforeEach(async () => {
    gold = await startTierDouble("gold");
    silver = await startTierDouble("silver");
  });
  afterEach(async () => {
    await running?.close();
    running = undefined;
    await Promise.all([gold.close(), silver.close()]);
  });

  async function start(setup: Partial<StartSetup> = {}): Promise<RunningRouter> {
    running = await startTestRouter({
      ...setup,
      tiers: { GOLD_URL: gold.url, SILVER_URL: silver.url, ...setup.tiers },
    });
    return running;
  }

  it("asks the tier that the latency budget names, and says which one and what it costs", async () => {
    const { ask } = await start();
    const [short, long, none] = await Promise.all([
      ask(chat, question, { "x-latency-budget-ms": "50" }),
      ask(chat, question, { "x-latency-budget-ms": "500" }),
      ask(chat, question),
    ]);
    assert.deepEqual(
      [short, long, none].map(({ headers }) => [
        headers.get("x-ai-router-tier"),
        headers.get("x-ai-router-node-usd-hour"),
      ]),
      [
        ["gold", "1.006"],
        ["silver", "1.212"],
        ["silver", "1.212"],
      ],
    );
    assert.equal(none.headers.get("x-ai-router-spill"), null);
    const { choices } = (await none.json()) as { choices: { message: { content: string } }[] };
    assert.equal(choices[0]?.message.content, "silver: user: hello");
  });

  it("streams, and takes the usage event out unless it was asked for", async () => {
    const { ask } = await start();
    const plain = await readStream(await ask(chat, { ...question, stream: true }));
    assert.deepEqual(plain, { text: "silver: user: hello", usage: undefined, error: undefined, done: true });
    const counted = await readStream(
      await ask(chat, { ...question, stream: true, stream_options: { include_usage: true } }),
    );
    assert.equal(counted.usage?.completion_tokens, 2);
    assert.deepEqual(silver.seen[0]?.body.stream_options, { include_usage: true });
  });

  it("names each tier's own base model, keeps the key to itself and passes ids, priority and trace on", async () => {
    const { ask, router } = await start();
    await until(() => router.tiers.every((tier) => tier.nameOf("base") !== "base"));
    const traceparent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
    const headers = { "x-request-id": "abc", "x-priority": "high", traceparent };
    const answer = await ask(chat, { ...question, model: "base" }, headers);
    assert.equal(answer.headers.get("x-request-id"), "abc");
    const seen = silver.seen[0]!;
    assert.equal(seen.body.model, "silver-base");
    assert.deepEqual(
      ["x-request-id", "x-priority", "traceparent", "x-api-key"].map((name) => seen.headers[name]),
      ["abc", "high", traceparent, undefined],
    );
  });

  it("tells a node how much of the deadline is left when it is asked", async () => {
    const { ask } = await start();
    silver.plan("leaving");
    assert.equal((await ask(chat, question, { "x-deadline-ms": "60000" })).status, 200);
    const [first = 0, second = 0] = silver.seen.map(({ headers }) => Number(headers["x-deadline-ms"]));
    assert.ok(first <= 60_000 && first > 30_000 && second <= first - 100, `${first}, ${second}`);
  });

  it("gives an answer that is not streamed as long as its deadline, and a stream its time for the first byte", async () => {
    const { ask, router } = await start({ options: { firstByteSeconds: 1 } });
    silver.plan("slow");
    const whole = await ask(chat, question);
    assert.deepEqual([whole.status, whole.headers.get("x-ai-router-tier"), silver.seen.length], [200, "silver", 1]);
    assert.equal(router.tiers.find(({ tier }) => tier === "silver")!.breaker.state, "closed");
    silver.plan("silent");
    const streamed = await ask(chat, { ...question, stream: true });
    assert.equal(streamed.headers.get("x-ai-router-spill"), "silver; reason=silent");
    assert.equal((await readStream(streamed)).done, true);
    // What was silent for a tier's whole time is not asked again: the client has waited long enough.
    assert.equal(silver.seen.length, 2);
  });

  it("asks a tier again whose node is leaving, and the other tier when no other node comes", async () => {
    const { ask } = await start();
    silver.plan("leaving", "leaving");
    const same = await ask(chat, question);
    assert.deepEqual([same.headers.get("x-ai-router-tier"), same.headers.get("x-ai-router-spill")], ["silver", null]);
    assert.equal(silver.seen.length, 3);
    silver.always = "leaving";
    const other = await ask(chat, { ...question, stream: true });
    assert.equal(other.headers.get("x-ai-router-spill"), "silver; reason=leaving");
    assert.equal((await readStream(other)).done, true);
  });

  it("spills to the other tier when the first is full, and says so", async () => {
    const { ask } = await start();
    silver.plan("full");
    const answer = await ask(chat, question);
    assert.equal(answer.headers.get("x-ai-router-tier"), "gold");
    assert.equal(answer.headers.get("x-ai-router-spill"), "silver; reason=busy");
  });

  it("answers 429 at once with Retry-After when both are full", async () => {
    const { ask } = await start();
    silver.plan("full");
    gold.plan("full");
    const answer = await ask(chat, question);
    assert.deepEqual([answer.status, answer.headers.get("retry-after")], [429, "1"]);
  });

  it("says what is known of each tier when none answers", async () => {
    const { ask } = await start({ tiers: { SILVER_GROUP: "silver-group" }, options: { breakerFailures: 4 } });
    const refusal = async (silvers: Behaviour, golds: Behaviour) => {
      silver.always = silvers;
      gold.always = golds;
      const answer = await ask(chat, question);
      const { error } = (await answer.json()) as { error: { code: string; message: string } };
      return [answer.status, answer.headers.get("retry-after"), error.code, error.message];
    };
    const full = "is full (the queue is full)";
    const loading = "has a node that is not ready (the model has not answered yet)";
    assert.deepEqual(await refusal("loading", "leaving"), [
      503,
      "5",
      "tier_loading",
      `gold has only a node that is shutting down; silver ${loading}`,
    ]);
    assert.deepEqual(await refusal("loading", "full"), [429, "1", "overloaded", `gold ${full}; silver ${loading}`]);
    assert.deepEqual(await refusal("no-node", "no-node"), [
      503,
      "30",
      "tier_waking",
      "gold has no node in service; silver has no node in service yet: this request counts as waiting for one",
    ]);
    const failing = await refusal("engine-gone", "engine-gone");
    assert.deepEqual(failing, [503, "5", "tier_failing", "gold does not answer; silver does not answer"]);
    await refusal("engine-gone", "engine-gone");
    assert.deepEqual((await refusal("fail", "fail")).slice(2), [
      "tier_failing",
      "gold is left alone after failing several times; silver is left alone after failing several times",
    ]);
  });

  it("refuses a body that is nested without end", async () => {
    const { ask } = await start();
    const deep = `{"model":"base","messages":[{"role":"user","content":"x","more":${"[".repeat(20_000)}${"]".repeat(20_000)}}]}`;
    const answer = await ask(chat, deep);
    assert.equal(answer.status, 400);
    assert.match(((await answer.json()) as { error: { message: string } }).error.message, /deeper than 64 levels/);
    assert.equal((await ask(chat, question)).status, 200);
  });

  it("tries again a request that broke before a byte, and never one whose stream had begun", async () => {
    const { ask } = await start();
    silver.plan("reset");
    assert.equal((await ask(chat, question)).headers.get("x-ai-router-tier"), "silver");
    assert.equal(silver.seen.length, 2);
    silver.plan("break");
    const { error, done, text } = await readStream(await ask(chat, { ...question, stream: true }));
    assert.deepEqual([error?.code, done, text], ["stream_broken", true, "silver: "]);
    silver.plan("tear");
    const torn = await (await ask(chat, { ...question, stream: true })).text();
    assert.match(torn, /\n\ndata: \{"choi\n\ndata: \{"error":.*"stream_broken".*\n\ndata: \[DONE\]\n\n$/);
    assert.equal(silver.seen.length, 4);
    assert.equal(gold.seen.length, 0);
  });

  it("leaves a tier alone that fails in a row, and comes back to it by one probe", async () => {
    const { ask, router } = await start({ options: { breakerFailures: 4, breakerSeconds: 3 } });
    silver.always = "fail";
    for (let request = 0; request < 2; request += 1) assert.equal((await ask(chat, question)).status, 200);
    const breaker = router.tiers.find(({ tier }) => tier === "silver")!.breaker;
    assert.equal(breaker.state, "open");
    const before = silver.seen.length;
    const answer = await ask(chat, question);
    assert.equal(answer.headers.get("x-ai-router-spill"), "silver; reason=failing");
    assert.equal(silver.seen.length, before);
    silver.always = "answer";
    await until(() => breaker.admits);
    assert.equal((await ask(chat, question)).headers.get("x-ai-router-tier"), "silver");
    assert.equal(breaker.state, "closed");
  });

  it("hedges: asks the other tier after a while, sends what comes first, and gives the slower one up", async () => {
    const { ask } = await start({ options: { hedgeMs: 30 } });
    silver.always = "silent";
    const streamed = await ask(chat, { ...question, stream: true });
    assert.equal((await readStream(streamed)).text, "gold: user: hello");
    assert.equal(streamed.headers.get("x-ai-router-tier"), "gold");
    const whole = await ask(chat, question);
    assert.equal(whole.headers.get("x-ai-router-tier"), "gold");
    await until(() => silver.cancelled === 2);
  });

  describe("a tier that is silent", () => {
    const stream = { ...question, stream: true };
    const breakerOf = ({ router }: RunningRouter, name: string) =>
      router.tiers.find(({ tier }) => tier === name)!.breaker;

    it("gets company when three times the budget has passed, and is left after some requests", async () => {
      const started = await start();
      gold.always = "silent";
      for (let request = 1; request <= 5; request += 1) {
        const answer = await started.ask(chat, stream, { "x-latency-budget-ms": "50" });
        assert.equal(answer.headers.get("x-ai-router-spill"), "gold; reason=slow");
        assert.equal((await readStream(answer)).text, "silver: user: hello");
      }
      await until(() => gold.cancelled === 5 && breakerOf(started, "gold").state === "open");
      const answer = await started.ask(chat, stream, { "x-latency-budget-ms": "50" });
      assert.equal(answer.headers.get("x-ai-router-spill"), "gold; reason=silent");
      assert.equal(gold.seen.length, 5);
    });

    it("is left when requests end at their deadlines without a byte, and asked again when nothing else is left", async () => {
      const started = await start();
      silver.always = "silent";
      const late = await Promise.all(
        Array.from({ length: 16 }, () => started.ask(chat, question, { "x-deadline-ms": "1500" })),
      );
      assert.deepEqual(new Set(late.map(({ status }) => status)), new Set([504]));
      assert.equal(breakerOf(started, "silver").state, "open");
      const answer = await started.ask(chat, question);
      assert.equal(answer.headers.get("x-ai-router-spill"), "silver; reason=silent");
      gold.always = "no-node";
      silver.always = "answer";
      assert.equal((await started.ask(chat, question)).headers.get("x-ai-router-tier"), "silver");
      assert.equal(breakerOf(started, "silver").state, "closed");
    });

    it("is not blamed for a deadline that no tier could meet, nor while others hear of it", async () => {
      const started = await start({ options: { breakerFailures: 2 } });
      silver.always = "silent";
      const short = Array.from({ length: 4 }, () => started.ask(chat, question, { "x-deadline-ms": "1" }));
      for (const answer of await Promise.all(short)) assert.equal(answer.status, 504);
      silver.plan("endless");
      const controller = new AbortController();
      await (await started.ask(chat, stream, {}, controller.signal)).body!.getReader().read();
      const waiting = Array.from({ length: 4 }, () => started.ask(chat, question, { "x-deadline-ms": "1500" }));
      for (const answer of await Promise.all(waiting)) assert.equal(answer.status, 504);
      assert.equal(breakerOf(started, "silver").state, "closed");
      controller.abort();
    });

    it("is given up after a head without a byte, and in the middle of a stream with an error event", async () => {
      const { ask } = await start({ options: { idleSeconds: 1 } });
      silver.plan("head-only");
      const spilled = await ask(chat, stream);
      assert.equal(spilled.headers.get("x-ai-router-spill"), "silver; reason=silent");
      assert.equal((await readStream(spilled)).text, "gold: user: hello");
      silver.plan("stall");
      const { text, error, done } = await readStream(await ask(chat, stream));
      assert.deepEqual([text, error?.code, done], ["silver: ", "stream_broken", true]);
      assert.match(error!.message, /sent nothing for 1 s/);
    });
  });

  it("takes a page in place of an answer, and a stream that begins with an error, for failures and spills", async () => {
    const { ask } = await start({ options: { breakerFailures: 100 } });
    for (const behaviour of ["page", "begin-with-error"] as const) {
      for (const stream of behaviour === "page" ? [false, true] : [true]) {
        silver.plan(behaviour, behaviour);
        const answer = await ask(chat, { ...question, stream });
        assert.deepEqual([answer.status, answer.headers.get("x-ai-router-spill")], [200, "silver; reason=broken"]);
        assert.match(await answer.text(), /gold: /);
      }
    }
    silver.plan("begin-with-refusal");
    const refused = await ask(chat, { ...question, stream: true });
    assert.equal(refused.status, 400);
    assert.match(await refused.text(), /no such grammar/);
  });

  it("says that a stream ended without [DONE]", async () => {
    const { ask } = await start();
    silver.plan("unfinished");
    const { text, error, done } = await readStream(await ask(chat, { ...question, stream: true }));
    assert.deepEqual([text, error?.code, done], ["silver: user: hello", "stream_broken", true]);
    assert.match(error!.message, /ended without \[DONE\]/);
  });

  describe("a tier without a node", () => {
    it("counts who waits, answers 503 with Retry-After, and publishes it under the group's dimension", async () => {
      const published: {
        MetricName: string;
        Dimensions: unknown;
        Value?: number;
        StatisticValues?: { Maximum: number };
      }[] = [];
      const cloudWatch = createServer((request, response) => {
        const chunks: Buffer[] = [];
        request.on("data", (chunk: Buffer) => chunks.push(chunk));
        request.on("end", () => {
          const body = Buffer.concat(chunks);
          const text = request.headers["content-encoding"] === "gzip" ? gunzipSync(body) : body;
          published.push(...(JSON.parse(text.toString()) as { MetricData: typeof published }).MetricData);
          response.writeHead(200, { "content-type": "application/x-amz-json-1.0" }).end("{}");
        });
      });
      cloudWatch.listen(0, "127.0.0.1");
      await once(cloudWatch, "listening");
      const settings = {
        AWS_ENDPOINT_URL_CLOUDWATCH: `http://127.0.0.1:${(cloudWatch.address() as AddressInfo).port}`,
        AWS_ACCESS_KEY_ID: "key",
        AWS_SECRET_ACCESS_KEY: "secret",
      };
      Object.assign(process.env, settings);
      try {
        const { ask } = await start({
          tiers: { GOLD_URL: undefined, SILVER_GROUP: "silver-group" },
          environment: { AWS_REGION: "us-east-1" },
        });
        silver.always = "no-node";
        const answer = await ask(chat, question);
        assert.deepEqual([answer.status, answer.headers.get("retry-after")], [503, "30"]);
        assert.equal(((await answer.json()) as { error: { code: string } }).error.code, "tier_waking");
        await running!.close();
        running = undefined;
        const waiting = published.filter(({ MetricName }) => MetricName === "WaitingRequests");
        assert.equal(waiting.at(-1)?.StatisticValues?.Maximum, 1);
        assert.deepEqual(waiting.at(-1)?.Dimensions, [{ Name: "AutoScalingGroupName", Value: "silver-group" }]);
        const demand = published.filter(({ MetricName }) => MetricName === "Demand");
        assert.ok(demand.some(({ Value }) => Value! > 0));
        assert.deepEqual(demand.at(-1)?.Dimensions, waiting.at(-1)?.Dimensions);
      } finally {
        for (const name of Object.keys(settings)) delete process.env[name];
        cloudWatch.close();
        cloudWatch.closeAllConnections();
      }
    });

    it("is left for one that has, and is woken all the same", async () => {
      const { ask, router } = await start();
      silver.always = "no-node";
      const answer = await ask(chat, question);
      assert.equal(answer.headers.get("x-ai-router-spill"), "silver; reason=absent");
      const asleep = router.tiers.find(({ tier }) => tier === "silver")!;
      assert.equal(asleep.waiting.count, 1);
      silver.always = "answer";
      await ask(chat, question);
      assert.equal(asleep.waiting.count, 0);
    });

    it("is waited for where that is asked for, until its node's model answers", async () => {
      const { ask, router } = await start({ tiers: { GOLD_URL: undefined }, options: { wakeSeconds: 60 } });
      silver.always = "no-node";
      const answer = ask(chat, question);
      await until(() => silver.seen.length >= 3);
      assert.equal(router.tiers[0]!.waiting.count, 1);
      silver.plan("loading");
      silver.always = "answer";
      assert.equal((await answer).status, 200);
    });
  });

  it("gives up what the client has given up", async () => {
    const { ask } = await start();
    silver.plan("endless");
    const controller = new AbortController();
    const answer = await ask(chat, { ...question, stream: true }, {}, controller.signal);
    await answer.body!.getReader().read();
    controller.abort();
    await until(() => silver.cancelled === 1);
  });

  it("ends a request at its deadline", async () => {
    const { ask } = await start();
    silver.always = "silent";
    const answer = await ask(chat, question, { "x-deadline-ms": "100" });
    assert.equal(answer.status, 504);
    silver.always = "endless";
    const { error, done } = await readStream(
      await ask(chat, { ...question, stream: true }, { "x-deadline-ms": "2000" }),
    );
    assert.deepEqual([error?.code, done], ["deadline_exceeded", true]);
  });

  it("drains: lets a stream end, refuses what is new, and cuts what is left with an error event", async () => {
    const { ask, running: service } = await start({ options: { drainSeconds: 1 } });
    silver.plan("endless");
    const left = await ask(chat, { ...question, stream: true });
    const stopping = service.stop();
    const refused = await ask(chat, question);
    const { error: why } = (await refused.json()) as { error: { code: string } };
    assert.deepEqual([refused.status, refused.headers.get("connection"), why.code], [503, "close", "draining"]);
    const { error, done } = await readStream(left);
    assert.deepEqual([error?.code, done], ["draining", true]);
    await stopping;
    running = undefined;
  });

  it("still takes what load balancers send until they have noticed that it leaves", async () => {
    const { ask, running: service, url } = await start({ options: { leaveSeconds: 3 } });
    const stopping = service.stop();
    const ready = await fetch(`${url}/ready`);
    assert.deepEqual([ready.status, await ready.json()], [503, { status: "draining" }]);
    assert.equal((await ask(chat, question)).status, 200);
    await stopping;
    running = undefined;
    await assert.rejects(ask(chat, question));
  });

  it("says clearly what is wrong with a request", async () => {
    const { ask, url } = await start({ options: { maxBodyBytes: 2_048 } });
    for (const [body, headers, status, expected] of [
      ["{", {}, 400, /could not parse the JSON/],
      ["[]", {}, 400, /Invalid value for the body: .*expected object/],
      [{ ...question, tempature: 1 }, {}, 400, /Unrecognized request argument supplied: tempature/],
      [{ model: "x" }, {}, 400, /Missing required parameter: 'messages'/],
      [{ ...question, messages: [{ role: "user", content: [{ type: "image_url" }] }] }, {}, 400, /parts of type text/],
      [{ ...question, messages: [{ role: "user", content: "x".repeat(3_000) }] }, {}, 413, /larger than 2048 bytes/],
      [question, { "x-latency-budget-ms": "soon" }, 400, /x-latency-budget-ms must be a whole number/],
      [question, { "x-deadline-ms": "-1" }, 400, /x-deadline-ms must be/],
      [question, { "x-api-key": "air_wrong" }, 401, /The key is not known/],
      [question, { "x-api-key": "" }, 401, /Send a key in X-API-Key/],
    ] as const) {
      const answer = await ask(chat, body, headers);
      assert.equal(answer.status, status);
      assert.match(((await answer.json()) as { error: { message: string } }).error.message, expected);
    }
    const wrongPath = await fetch(`${url}/v1/nothing`, { headers: { "x-api-key": ownKey } });
    assert.equal(wrongPath.status, 404);
    const model = async (name: string, key = ownKey) => {
      const answer = await fetch(`${url}/v1/models/${name}`, { headers: { "x-api-key": key } });
      return [answer.status, ((await answer.json()) as { id?: string }).id];
    };
    await until(async () => (await model("lich%2Fpersonality"))[0] === 200);
    assert.deepEqual(await model("lich/personality"), [200, "lich/personality"]);
    assert.deepEqual(await model("base"), [200, "base"]);
    assert.deepEqual(await model("nothing"), [404, undefined]);
    assert.deepEqual(await model("base", "wrong"), [401, undefined]);
    const wrongMethod = await fetch(`${url}${chat}`, { headers: { "x-request-id": "mine" } });
    assert.deepEqual(
      [wrongMethod.status, wrongMethod.headers.get("allow"), wrongMethod.headers.get("x-request-id")],
      [405, "POST", "mine"],
    );
    assert.equal(silver.seen.length, 0);
  });

  it("closes a connection whose request does not come to its end", async () => {
    const { url } = await start();
    const socket = connect(Number(new URL(url).port), "127.0.0.1");
    socket.on("error", () => undefined);
    await once(socket, "connect");
    socket.write("POST /v1/chat/completions HTTP/1.1\r\nHost: x\r\n");
    const timer = setInterval(() => socket.write("x-slow: 1\r\n"), 500);
    try {
      let said = "";
      socket.on("data", (chunk: Buffer) => {
        said += chunk.toString();
        // What is written from now on may be answered by a reset, which is a way to close too.
        clearInterval(timer);
      });
      await new Promise((closed) => socket.once("close", closed));
      assert.match(said, /^HTTP\/1\.1 408 /);
    } finally {
      clearInterval(timer);
    }
  });
});
