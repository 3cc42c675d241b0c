import type { z } from "zod";
import { type Envelope, envelope } from "../../contracts/events/define";
import { type EventType, eventTypes } from "../../contracts/events/index";
import type { Session } from "../database/types";

/** An event as its handler gets it. */
export interface HeardEvent<Type extends EventType = EventType> {
  readonly id: string;
  readonly source: string;
  readonly type: Type;
  readonly subject: string | undefined;
  /** Position among the events of its subject; events arrive in no order, and a consumer that cares drops what is older. */
  readonly sequence: number | undefined;
  readonly time: string | undefined;
  readonly data: z.output<(typeof eventTypes)[Type]["data"]>;
  readonly envelope: Envelope;
}

/** A message that no attempt will ever make sense of. */
export class PoisonMessage extends Error {
  override readonly name = "PoisonMessage";
}

/**
 * Reads a message. Fields that the contract does not know are let through: an old consumer survives a new field.
 * @throws PoisonMessage for what is no event, or one whose data does not fit its contract
 */
export function readEvent(text: string): HeardEvent | { readonly unknownType: string } {
  const parsed = envelope.safeParse(parse(text));
  if (!parsed.success) throw new PoisonMessage(`not a CloudEvent: ${parsed.error.issues[0]?.message}`);
  const { id, source, type, subject, sequence, time, data } = parsed.data;
  if (!isKnown(type)) return { unknownType: type };
  const read = eventTypes[type].data.safeParse(data);
  if (!read.success) {
    const { path = [], message } = read.error.issues[0] ?? {};
    throw new PoisonMessage(`${type} ${id} does not fit its contract: ${path.join(".")} ${message}`);
  }
  return {
    id,
    source,
    type,
    subject,
    sequence: sequence === undefined ? undefined : Number(sequence),
    time,
    data: read.data as HeardEvent["data"],
    envelope: parsed.data,
  };
}

/**
 * Notes in the transaction of its effect that an event is applied. Two deliveries at the same time: the second waits for the first, and
 * applies the event only where the first was rolled back.
 * @returns False where it was applied before
 */
export async function takeOnce(session: Session, { source, id }: Pick<HeardEvent, "source" | "id">): Promise<boolean> {
  const { count } = await session.prepared("INSERT INTO inbox (source, id) VALUES ($1, $2) ON CONFLICT DO NOTHING", [
    source,
    id,
  ]);
  return count === 1;
}

function isKnown(type: string): type is EventType {
  return Object.hasOwn(eventTypes, type);
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
