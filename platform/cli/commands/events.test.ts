import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { SendMessageBatchCommand, SQSClient } from "@aws-sdk/client-sqs";
import { type EventEmulator, startEventEmulator } from "../../../runtime/events/emulator";
import { waitingMessages } from "../../../runtime/events/replay";

const command = join(__dirname, "..", "..", "bin", "platform.cjs");

describe("platform events", function () {
  this.timeout(120_000);
  let emulator: EventEmulator;
  let dataDir: string;
  before(async () => {
    emulator = await startEventEmulator(0, "us-east-1");
    dataDir = mkdtempSync(join(tmpdir(), "platform-events-"));
    writeFileSync(join(dataDir, "run.json"), JSON.stringify({ pid: process.pid, stack: "dev", events: emulator.url }));
  });
  after(async () => {
    rmSync(dataDir, { recursive: true });
    await emulator.close();
  });

  const run = (...args: string[]) => promisify(execFile)(process.execPath, [command, "events", ...args]);
  const local = () => ["--local", "--data-dir", dataDir, "--json"];

  it("lists what waits for a consumer, and replays its dead letters", async () => {
    const dead = await emulator.createQueue("weather-manager-events-dead-letters");
    const queue = await emulator.createQueue("weather-manager-events-queue");
    const credentials = { accessKeyId: "local", secretAccessKey: "local" };
    const sqs = new SQSClient({ region: "us-east-1", endpoint: emulator.url, credentials });
    const letters = ["1", "2", "3"].map((Id) => ({ Id, MessageBody: `letter ${Id}` }));
    await sqs.send(new SendMessageBatchCommand({ QueueUrl: dead.url, Entries: letters }));
    const listed = async () => JSON.parse((await run("list", ...local())).stdout);
    assert.deepEqual(await listed(), [{ consumer: "weather-manager", waiting: 0, deadLetters: 3 }]);
    const { stdout } = await run("replay", "weather-manager", "--limit", "2", ...local());
    assert.deepEqual(JSON.parse(stdout), { consumer: "weather-manager", moved: 2 });
    assert.deepEqual(await listed(), [{ consumer: "weather-manager", waiting: 2, deadLetters: 1 }]);
    assert.equal(await waitingMessages(sqs, queue.url), 2);
    sqs.destroy();
  });

  it("says in one line what is wrong, with code 2", async () => {
    const refused = async (...args: string[]) => {
      const { code, stderr } = await run(...args).then(
        () => assert.fail("it went through"),
        (error: { code: number; stderr: string }) => error,
      );
      return `${code} ${stderr}`;
    };
    assert.match(
      await refused("replay", "nobody", ...local()),
      /^2 platform: consumer: "nobody" is not allowed; .*\n$/,
    );
    assert.match(await refused("list"), /^2 platform: events: .*either --local or --stack NAME.*\n$/);
    assert.match(
      await refused("list", "--local", "--data-dir", "/nowhere"),
      /^2 platform: data-dir: "\/nowhere" .*\n$/,
    );
  });
});
