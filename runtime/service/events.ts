import { eventVariables } from "../../contracts/events/define";
import type { EventType } from "../../contracts/events/index";
import { InputError } from "../../contracts/input-error";
import type { Kit, Service } from "./definition";
import { type HeardEvent, takeOnce } from "./inbox";
import type { Transaction } from "./keys";
import { forgetOldEvents, type Publish, relayOnce, unsentEvents } from "./outbox";
import { hearQueue } from "./queue";
import { topicPublisher } from "./topic";

export interface EventsOptions {
  readonly service: Service;
  readonly kit: Kit;
  readonly state: unknown;
}

/** What a service tells and hears, for as long as it runs. */
export interface RunningEvents {
  /** Something may have been written into the outbox. */
  wake(): void;
  /** Takes no more messages; resolves when those that it has are handled. */
  stopHearing(): Promise<void>;
  stop(): Promise<void>;
}

/** Milliseconds between two looks into the outbox when nothing wakes the relay, and after a failure, doubled up to the most. */
const lookMs = 1_000;
const mostAgainMs = 30_000;
const forgetMs = 3_600_000;

type Hears = Readonly<Record<string, (heard: Record<string, unknown>) => Promise<void>>>;

/**
 * Starts the relay of a service that publishes and the consumer of one that hears, where the environment names a topic and a queue.
 * Without a topic events stay in the outbox.
 * @throws InputError where a service that hears has no queue
 */
export function startEvents(options: EventsOptions): RunningEvents {
  const { contract } = options.service;
  const relay = contract.publishes.length > 0 ? startRelay(options) : undefined;
  const stopHearing = contract.hears.length > 0 ? startHearing(options) : async () => undefined;
  return {
    wake: () => relay?.wake(),
    stopHearing,
    stop: async () => relay?.stop(),
  };
}

function startRelay({ kit }: EventsOptions): { wake(): void; stop(): Promise<void> } | undefined {
  const { environment, database, logger, metrics, around } = kit;
  const transaction: Transaction = (work) => database.transaction(undefined, work);
  kit.every("old events", forgetMs, () => forgetOldEvents(transaction));
  kit.every("outbox gauge", 10_000, async () =>
    metrics.outboxWaiting.set(await database.transaction(undefined, unsentEvents)),
  );
  const topic = environment[eventVariables.topic];
  if (!topic) {
    logger.warn(`${eventVariables.topic} is not set: events stay in the outbox`);
    return undefined;
  }
  const publisher = topicPublisher(topic, environment);
  const relay = runRelay({
    turn: () => relayOnce(transaction, publisher.publish),
    onPublished: (count) => metrics.published.inc(count),
    onFailure: (error, againMs) => logger.warn({ err: error, againMs }, "events could not be published; they are kept"),
    around,
  });
  return {
    wake: relay.wake,
    stop: async () => {
      await relay.stop();
      publisher.close();
    },
  };
}

export interface RelayLoop {
  /** Publishes once. @returns How many events went */
  readonly turn: () => Promise<number>;
  readonly onPublished: (count: number) => void;
  readonly onFailure: (error: unknown, againMs: number) => void;
  readonly around: Kit["around"];
}

/** Empties the outbox again and again: at once when it is woken, else every second; after a failure it waits longer each time. */
export function runRelay({ turn, onPublished, onFailure, around }: RelayLoop): { wake(): void; stop(): Promise<void> } {
  let ended = false;
  let woken = false;
  let wakeUp: () => void = () => undefined;
  const pause = (milliseconds: number) =>
    new Promise<void>((resolve) => {
      const cancel = around.timers.after(milliseconds, resolve);
      wakeUp = () => {
        cancel();
        resolve();
      };
    });
  const done = (async () => {
    let failures = 0;
    while (!ended) {
      woken = false;
      try {
        const count = await turn();
        failures = 0;
        if (count > 0) onPublished(count);
        if (count > 0 || woken) continue;
      } catch (error) {
        failures += 1;
        const againMs = Math.min(lookMs * 2 ** (failures - 1), mostAgainMs);
        onFailure(error, againMs);
        if (!ended) await pause(againMs);
        continue;
      }
      if (!ended) await pause(lookMs);
    }
  })();
  return {
    wake() {
      woken = true;
      wakeUp();
    },
    async stop() {
      ended = true;
      wakeUp();
      await done;
    },
  };
}

function startHearing({ service, kit, state }: EventsOptions): () => Promise<void> {
  const { environment, logger, around, metrics } = kit;
  const queueUrl = environment[eventVariables.queue];
  if (!queueUrl) {
    throw new InputError({
      path: eventVariables.queue,
      given: undefined,
      allowed: `the address of the queue that ${service.contract.name} hears from`,
      where: eventVariables.queue,
    });
  }
  return hearQueue({
    queueUrl,
    environment,
    logger,
    around,
    apply: (event) => applyOnce(service, kit, state, event),
    count: (outcome, type) => metrics.heard.inc({ type, outcome }),
  });
}

/** Applies an event in one transaction with the note that it was; what was applied before is not applied again. */
export async function applyOnce(
  { contract, definition }: Service,
  kit: Kit,
  state: unknown,
  event: HeardEvent,
): Promise<"applied" | "repeated"> {
  const handler = (definition.hears as Hears | undefined)?.[event.type as EventType];
  if (handler === undefined) throw new Error(`${contract.name} does not hear ${event.type}`);
  return kit.traced(`hear ${event.type}`, { "event.id": event.id }, () =>
    kit.database.transaction(undefined, async (session) => {
      if (!(await takeOnce(session, event))) return "repeated";
      await handler({ event, session, state, kit });
      return "applied";
    }),
  );
}

export type { Publish };
