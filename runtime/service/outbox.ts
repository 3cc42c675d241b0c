import { type Envelope, sourceOf } from "../../contracts/events/define";
import { type EventType, eventTypes } from "../../contracts/events/index";
import type { Session } from "../database/types";
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

/** Sends events on; when it resolves, all of them have been taken. @throws when that is not certain of every one of them */
export type Publish = (events: readonly Envelope[]) => Promise<void>;

/** Subjects and events of one turn of the relay, at most. */
const subjectsPerTurn = 50;
const eventsPerTurn = 500;

/**
 * Publishes what the outbox holds, once. Several replicas may do so at the same time: each takes subjects that no other has at the
 * moment, and publishes a subject's events in their order. What is published and not marked, because the process was killed in between,
 * is published again: at least once.
 * @returns How many events were published
 */
export async function relayOnce(session: Session, publish: Publish): Promise<number> {
  // The first unsent event of a subject stands for the subject: whoever holds its lock has the subject.
  const heads = await session.prepared<{ subject: string }>(
    `SELECT subject FROM outbox o WHERE sent_at IS NULL
       AND NOT EXISTS (SELECT FROM outbox e WHERE e.subject = o.subject AND e.sequence < o.sequence AND e.sent_at IS NULL)
     ORDER BY created_at, id LIMIT $1 FOR UPDATE SKIP LOCKED`,
    [subjectsPerTurn],
  );
  if (heads.rows.length === 0) return 0;
  const { rows } = await session.prepared<{ id: string; event: Envelope }>(
    `SELECT id, event FROM outbox WHERE sent_at IS NULL AND subject = ANY ($1) ORDER BY subject, sequence LIMIT $2`,
    [heads.rows.map(({ subject }) => subject), eventsPerTurn],
  );
  await publish(rows.map(({ event }) => event));
  await session.prepared("UPDATE outbox SET sent_at = now() WHERE id = ANY ($1)", [rows.map(({ id }) => id)]);
  return rows.length;
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
export async function forgetOldEvents(session: Session): Promise<void> {
  await session.query("DELETE FROM outbox WHERE sent_at < now() - make_interval(days => $1)", [keptDays]);
  await session.query("DELETE FROM inbox WHERE applied_at < now() - make_interval(days => $1)", [keptDays]);
}
