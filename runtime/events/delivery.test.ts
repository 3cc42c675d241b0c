import assert from "node:assert/strict";
import { join } from "node:path";
import { ReceiveMessageCommand, SendMessageCommand, SQSClient } from "@aws-sdk/client-sqs";
import { migrate } from "../database/migrate";
import { openPostgres } from "../database/postgres";
import type { Database } from "../database/types";
import { createLogger } from "../logger";
import { type HeardEvent, takeOnce } from "../service/inbox";
import { relayOnce, writeEvent } from "../service/outbox";
import { hearQueue } from "../service/queue";
import { realSurroundings } from "../service/surroundings";
import { topicPublisher } from "../service/topic";
import { createTestDatabase, type TestDatabase } from "../testing/database";
import { type EventEmulator, startEventEmulator } from "./emulator";
import { type ConsumerQueues, replayDeadLetters, waitingMessages } from "./replay";

const region = "us-east-1";
const kitMigrations = { dir: join(__dirname, "..", "service", "schema", "migrations"), where: "this test" };

describe("events through SNS and SQS, by the SDK's own clients", function () {
  this.timeout(240_000);
  let place: TestDatabase;
  let database: Database<undefined>;
  let emulator: EventEmulator;
  let environment: Readonly<Record<string, string>>;
  let sqs: SQSClient;
  let topic: string;
  let stops: (() => Promise<void>)[] = [];

  before(async () => {
    // The SDK takes credentials from the environment.
    process.env.AWS_ACCESS_KEY_ID ??= "local";
    process.env.AWS_SECRET_ACCESS_KEY ??= "local";
    place = await createTestDatabase();
    const { DB_HOST, DB_PORT, DB_NAME, DB_USER, DB_PASSWORD } = place.environment;
    database = openPostgres(
      {
        ...{ host: DB_HOST!, port: Number(DB_PORT), database: DB_NAME!, user: DB_USER!, password: DB_PASSWORD! },
        ...{ tls: false, poolSize: 4 },
      },
      { applicationName: "delivery", opening: () => "BEGIN" },
    );
    await migrate(database, kitMigrations);
    await database.asOwner(({ script }) => script("CREATE TABLE applied (subject text, sequence integer)"));
    emulator = await startEventEmulator(0, region);
    environment = { AWS_REGION: region, AWS_ENDPOINT_URL_SNS: emulator.url, AWS_ENDPOINT_URL_SQS: emulator.url };
    sqs = new SQSClient({ region, endpoint: emulator.url });
  });
  after(async () => {
    sqs.destroy();
    await database.close();
    await emulator.close();
    await place.drop();
  });
  beforeEach(async () => {
    await database.asOwner(({ script }) => script("TRUNCATE outbox, outbox_sequences, inbox, applied"));
    topic = await emulator.createTopic(`game-events-${Date.now()}`);
  });
  afterEach(async () => {
    await Promise.all(stops.map((stop) => stop()));
    stops = [];
  });

  /** A consumer's queues, as the stack makes them. */
  async function consumer(name: string, types: readonly unknown[]): Promise<ConsumerQueues> {
    const deadLetters = await emulator.createQueue(`${name}-dead-letters`);
    const redrive = { deadLetterTargetArn: deadLetters.arn, maxReceiveCount: 2 };
    // A message that nobody deletes comes again at once.
    const queue = await emulator.createQueue(name, { VisibilityTimeout: "1", RedrivePolicy: JSON.stringify(redrive) });
    await emulator.subscribe(topic, queue.arn, {
      RawMessageDelivery: "true",
      FilterPolicy: JSON.stringify({ type: types }),
    });
    return { queueUrl: queue.url, deadLetterUrl: deadLetters.url };
  }

  const emit = (subject: string, version: string) =>
    database.transaction(undefined, (session) =>
      writeEvent(session, "settings", realSurroundings, {
        type: "engine.version-registered",
        subject,
        data: { version, stage: "release", releasedAt: null },
      }),
    );

  async function relay(): Promise<void> {
    const publisher = topicPublisher(topic, environment);
    while ((await relayOnce((work) => database.transaction(undefined, work), publisher.publish)) > 0);
    publisher.close();
  }

  /** Hears until the test ends. @returns Outcomes as they come */
  function hear(queues: ConsumerQueues, apply: (event: HeardEvent) => Promise<void>): string[] {
    const outcomes: string[] = [];
    const stop = hearQueue({
      queueUrl: queues.queueUrl,
      environment,
      logger: createLogger("delivery", "silent"),
      around: realSurroundings,
      count: (outcome) => void outcomes.push(outcome),
      apply: (event) =>
        database.transaction(undefined, async (session) => {
          if (!(await takeOnce(session, event))) return "repeated";
          await apply(event);
          await session.query("INSERT INTO applied VALUES ($1, $2)", [event.subject!, event.sequence!]);
          return "applied";
        }),
    });
    stops.push(stop);
    return outcomes;
  }

  async function applied(): Promise<{ subject: string; sequence: number }[]> {
    const text = "SELECT subject, sequence FROM applied ORDER BY subject, sequence";
    return (await database.asOwner(({ query }) => query<{ subject: string; sequence: number }>(text))).rows;
  }

  it("reach those who hear the type, each once, with the order of a subject in their sequence", async () => {
    const engines = await consumer("engines", [{ prefix: "engine." }]);
    const times = await consumer("times", [{ prefix: "time." }]);
    for (let index = 1; index <= 12; index += 1) for (const subject of ["a", "b"]) await emit(subject, String(index));
    await relay();
    const order: Record<string, number[]> = { a: [], b: [] };
    const outcomes = hear(engines, async ({ subject, sequence, data }) => {
      assert.equal(String(sequence), data.version);
      order[subject!]!.push(sequence!);
    });
    await until(() => outcomes.length >= 24);
    const inOrder = Array.from({ length: 12 }, (_, index) => index + 1);
    assert.deepEqual(order, { a: inOrder, b: inOrder });
    assert.deepEqual(new Set(outcomes), new Set(["applied"]));
    assert.equal(await waitingMessages(sqs, times.queueUrl), 0);
  });

  it("come again where a consumer failed, and are applied once however often they come", async () => {
    const queues = await consumer("again", ["engine.version-registered"]);
    await emit("a", "5.0.0");
    await relay();
    let tries = 0;
    const outcomes = hear(queues, async () => {
      tries += 1;
      if (tries === 1) throw new Error("not yet");
    });
    await until(() => outcomes.includes("applied"));
    // A relay that was killed before it could note what it had published does so again.
    await database.asOwner(({ script }) => script("UPDATE outbox SET sent_at = NULL"));
    await relay();
    await until(() => outcomes.includes("repeated"));
    assert.deepEqual(outcomes, ["failed", "applied", "repeated"]);
    assert.deepEqual(await applied(), [{ subject: "a", sequence: 1 }]);
  });

  it("that make no sense end in the dead-letter queue and keep nobody waiting", async () => {
    const queues = await consumer("poison", ["engine.version-registered"]);
    await sqs.send(new SendMessageCommand({ QueueUrl: queues.queueUrl, MessageBody: "no event" }));
    await emit("a", "5.0.0");
    await relay();
    const outcomes = hear(queues, async () => undefined);
    await until(async () => (await waitingMessages(sqs, queues.deadLetterUrl)) === 1);
    assert.deepEqual(outcomes.filter((outcome) => outcome === "poison").length, 2);
    assert.deepEqual(await applied(), [{ subject: "a", sequence: 1 }]);
    const { Messages } = await sqs.send(new ReceiveMessageCommand({ QueueUrl: queues.deadLetterUrl }));
    assert.equal(Messages![0]!.Body, "no event");
  });

  it("that a faulty consumer gave up are applied once its queue is replayed; what fails again is moved once", async () => {
    const queues = await consumer("replayed", ["engine.version-registered"]);
    for (let index = 1; index <= 12; index += 1) await emit("a", String(index));
    await relay();
    let mended = false;
    hear(queues, async ({ sequence }) => {
      if (!mended || sequence === 12) throw new Error("a defect");
    });
    await until(async () => (await waitingMessages(sqs, queues.deadLetterUrl)) === 12);
    assert.deepEqual(await applied(), []);
    mended = true;
    assert.equal(await replayDeadLetters(sqs, queues), 12);
    await until(async () => (await applied()).length === 11);
    await until(async () => (await waitingMessages(sqs, queues.deadLetterUrl)) === 1);
    assert.equal(await replayDeadLetters(sqs, queues, 0), 0);
  });
});

/** Waits for a condition; mocha's own limit ends a wait in vain. */
async function until(holds: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await holds())) await new Promise((resolve) => setTimeout(resolve, 20));
}
