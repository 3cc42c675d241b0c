import { type Envelope, sourceOf } from "../../contracts/events/define";
import { type EventType, eventTypes } from "../../contracts/events/index";
import type { Session } from "../database/types";
import { dropOld } from "./drop-old";
import type { Transaction } from "./keys";
import { newId, type Surroundings } from "./surroundings";
import { currentTraceparent } from "./tracing";

export type EventData<Type extends EventType> = (typeof eventTypes)[Type]["data"]["_zod"]["input"];

/**
 * Writes an event into the outbox, in the transaction of the change that it tells of: both are committed or neither.
 * @param subject What it is about; events of one subject are published in this order.
 * @throws Error for data that does not fit the event's contract: a defect of the service
 */
export async function writeEvent<Type extends EventType>(
  session: Session,
  service: string,
  around: Surroundings,
  event: { readonly type: Type; readonly subject: string; readonly data: EventData<Type> },
): Promise<void> {
  const { type, subject } = event;
  const contract = eventTypes[type];
  const parsed = contract.data.safeParse(JSON.parse(JSON.stringify(event.data)));
  if (!parsed.success) throw new Error(`${type} does not fit its contract: ${parsed.error.message}`);
  const { rows } = await session.prepared<{ sequence: string }>(
    `INSERT INTO outbox_sequences AS s (subject, sequence) VALUES ($1, 1)
     ON CONFLICT (subject) DO UPDATE SET sequence = s.sequence + 1 RETURNING sequence::text`,
    [subject],
  );
  const id = newId(around);
  const { sequence } = rows[0]!;
  const traceparent = currentTraceparent();
  const envelope: Envelope = {
    specversion: "1.0",
    id,
    source: sourceOf(service),
    type,
    subject,
    time: new Date(around.clock.now()).toISOString(),
    datacontenttype: "application/json",
    dataschema: `urn:game-ai-platform:event:${type}:${contract.version}`,
    sequence,
    ...(traceparent === undefined ? {} : { traceparent }),
    data: parsed.data,
  };
  await session.prepared("INSERT INTO outbox (id, subject, sequence, type, event) VALUES ($1, $2, $3, $4, $5)", [
    id,
    subject,
    sequence,
    type,
    JSON.stringify(envelope),
  ]);
}

/**
 * Sends events on; when it resolves, all of them have been taken.
 * @param signal Aborted when another replica may soon take them
 * @throws when it is not certain that all were taken
 */
export type Publish = (events: readonly Envelope[], signal: AbortSignal) => Promise<void>;

/** Subjects and events of one turn of the relay, at most. */
const subjectsPerTurn = 50;
const eventsPerTurn = 500;
/** Milliseconds that a turn has its subjects for: so long do the events of a replica that was killed wait. */
const takenMs = 15_000;
/** Share of them in which they must be published. */
const publishShare = 0.7;

/**
 * Publishes what the outbox holds, once; no connection is held meanwhile. Several replicas may do so at the same time: each takes subjects
 * that no other has at the moment, and publishes a subject's events in their order. What is published and not marked, because the process
 * was killed in between, is published again: at least once.
 * @param forMs Milliseconds that it takes subjects for. @default 15000
 * @returns How many events were published
 */
export async function relayOnce(transaction: Transaction, publish: Publish, forMs = takenMs): Promise<number> {
  const taken = await transaction((session) => takeEvents(session, forMs));
  if (taken.events.length === 0) return 0;
  try {
    await publish(
      taken.events.map(({ event }) => event),
      AbortSignal.timeout(Math.ceil(forMs * publishShare)),
    );
  } catch (error) {
    const back = "UPDATE outbox SET taken_until = NULL WHERE id = ANY ($1)";
    await transaction((session) => session.prepared(back, [taken.heads])).catch(() => undefined);
    throw error;
  }
  const ids = taken.events.map(({ id }) => id);
  await transaction((session) =>
    session.prepared("UPDATE outbox SET sent_at = now(), taken_until = NULL WHERE id = ANY ($1)", [ids]),
  );
  return ids.length;
}

interface TakenEvents {
  /** The first unsent event of each subject: whoever has taken it has the subject. */
  readonly heads: readonly string[];
  readonly events: readonly { readonly id: string; readonly event: Envelope }[];
}

async function takeEvents(session: Session, forMs: number): Promise<TakenEvents> {
  const heads = await session.prepared<{ id: string; subject: string }>(
    `UPDATE outbox SET taken_until = now() + make_interval(secs => $2::float8 / 1000) WHERE id IN (
       SELECT id FROM outbox o WHERE sent_at IS NULL AND (taken_until IS NULL OR taken_until <= now())
         AND NOT EXISTS (SELECT FROM outbox e WHERE e.subject = o.subject AND e.sequence < o.sequence AND e.sent_at IS NULL)
       ORDER BY created_at, id LIMIT $1 FOR UPDATE SKIP LOCKED)
     RETURNING id, subject`,
    [subjectsPerTurn, forMs],
  );
  if (heads.rows.length === 0) return { heads: [], events: [] };
  const { rows } = await session.prepared<{ id: string; event: Envelope }>(
    `SELECT id, event FROM outbox WHERE sent_at IS NULL AND subject = ANY ($1) ORDER BY subject, sequence LIMIT $2`,
    [heads.rows.map(({ subject }) => subject), eventsPerTurn],
  );
  return { heads: heads.rows.map(({ id }) => id), events: rows };
}

/** Events that wait to be published. */
export async function unsentEvents(session: Session): Promise<number> {
  const { rows } = await session.prepared<{ count: number }>(
    "SELECT count(*)::int AS count FROM outbox WHERE sent_at IS NULL",
    [],
  );
  return rows[0]!.count;
}

/** Days that published and applied events are kept, longer than any queue keeps a message (14 days at most). */
const keptDays = 15;

/** Drops what was published or applied long ago. */
export async function forgetOldEvents(transaction: Transaction): Promise<void> {
  const long = `now() - make_interval(days => ${keptDays})`;
  await dropOld(transaction, "outbox", `sent_at < ${long}`);
  await dropOld(transaction, "inbox", `applied_at < ${long}`);
}
