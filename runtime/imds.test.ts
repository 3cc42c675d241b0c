import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { InputError } from "../contracts/input-error";
import { createImds, ImdsError } from "./imds";
import { describeInstance, type ImdsDouble, startImdsDouble } from "./imds-double";

describe("instance metadata", () => {
  let double: ImdsDouble;
  beforeEach(async () => {
    double = await startImdsDouble();
    describeInstance(double, { autoScalingGroup: "gold", lifecycleState: "InService" });
  });
  afterEach(() => double.close());

  it("reads identity, tags and lifecycle state with one session token", async () => {
    const imds = createImds({ endpoint: double.url });
    assert.equal((await imds.identity()).instanceId, "i-0123456789abcdef0");
    assert.equal(await imds.tag("aws:autoscaling:groupName"), "gold");
    assert.equal(await imds.targetLifecycleState(), "InService");
    imds.close();
    assert.equal(double.requests.filter((request) => request.method === "PUT").length, 1);
    assert.ok(double.requests.filter((request) => request.method === "GET").every((request) => request.withToken));
  });

  it("says undefined for what does not exist", async () => {
    const imds = createImds({ endpoint: double.url });
    assert.equal(await imds.spotInstanceAction(), undefined);
    assert.equal(await imds.rebalanceRecommendation(), undefined);
    assert.equal(await imds.tag("Nothing"), undefined);
    imds.close();
  });

  it("reads a spot interruption and a rebalance recommendation", async () => {
    double.values.set("meta-data/spot/instance-action", '{"action":"terminate","time":"2026-11-22T10:00:00Z"}');
    double.values.set("meta-data/events/recommendations/rebalance", '{"noticeTime":"2026-11-22T09:00:00Z"}');
    const imds = createImds({ endpoint: double.url });
    assert.deepEqual(await imds.spotInstanceAction(), { action: "terminate", time: "2026-11-22T10:00:00Z" });
    assert.equal(await imds.rebalanceRecommendation(), "2026-11-22T09:00:00Z");
    imds.close();
  });

  it("holds the process until a question is answered", () => {
    const script = `const { createImds } = require(${JSON.stringify(join(__dirname, "imds.ts"))});
      createImds({ endpoint: "http://127.0.0.1:1" }).tag("a").catch((error) => console.log(error.reason));`;
    const words = ["--require", require.resolve("tsx/cjs"), "-e", script];
    const { stdout } = spawnSync(process.execPath, words, { encoding: "utf8", env: { PATH: process.env.PATH } });
    assert.equal(stdout, "unreachable\n");
  });

  it("takes a new token when the service answers 401", async () => {
    const imds = createImds({ endpoint: double.url });
    await imds.targetLifecycleState();
    double.revokeTokens();
    assert.equal(await imds.targetLifecycleState(), "InService");
    imds.close();
    assert.equal(double.requests.filter((request) => request.method === "PUT").length, 2);
  });

  it("renews a token before it ends and lives on the old one while that fails", async () => {
    let now = 0;
    const imds = createImds({ endpoint: double.url, monotonicMs: () => now, attempts: 1 });
    await imds.targetLifecycleState();
    now = 21_600_000 - 599_000;
    double.mode = "refuse";
    assert.equal(
      await imds.targetLifecycleState().catch((error: unknown) => error),
      "InService",
      "the old token is still good",
    );
    assert.equal(double.requests.filter((request) => request.method === "PUT").length, 2);
    now = 21_600_001;
    await assert.rejects(imds.targetLifecycleState(), (error: ImdsError) => error.reason === "refused");
    imds.close();
  });

  it("never reads without a token where tokens are refused", async () => {
    double.mode = "refuse";
    const imds = createImds({ endpoint: double.url });
    await assert.rejects(imds.identity(), (error: ImdsError) => error.reason === "refused" && error.status === 403);
    imds.close();
    assert.ok(double.requests.every((request) => request.method === "PUT"));
  });

  it("gives up on a service that does not answer", async () => {
    double.mode = "stall";
    const imds = createImds({ endpoint: double.url, timeoutMs: 500, attempts: 2 });
    await assert.rejects(imds.identity(), (error: ImdsError) => error.reason === "unreachable");
    imds.close();
    assert.equal(double.requests.length, 2);
  });

  it("tries a failing service again", async () => {
    double.mode = "error";
    const imds = createImds({ endpoint: double.url, attempts: 3 });
    await assert.rejects(imds.identity(), ImdsError);
    imds.close();
    assert.equal(double.requests.length, 3);
  });

  it("shares one token request between callers that start together", async () => {
    const imds = createImds({ endpoint: double.url });
    await Promise.all([imds.identity(), imds.tag("aws:autoscaling:groupName"), imds.targetLifecycleState()]);
    imds.close();
    assert.equal(double.requests.filter((request) => request.method === "PUT").length, 1);
  });

  it("refuses an endpoint that is no http URL", () => {
    assert.throws(() => createImds({ endpoint: "169.254.169.254" }), InputError);
  });
});
