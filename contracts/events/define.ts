import { z } from "zod";

/** A kind of event: what its data holds, and whose order it keeps. */
export interface EventContract<Data extends z.ZodType = z.ZodType> {
  /** One sentence, present perfect: "A release has been registered." */
  readonly summary: string;
  /** Rises with a change that an old consumer would misread; a new field does not raise it. */
  readonly version: number;
  /** What `subject` names: events of one subject are published in the order of their sequence numbers. */
  readonly subject: string;
  readonly data: Data;
}

/** States an event. Its data must be an object that allows fields it does not know, so that an old consumer survives a new one. */
export function defineEvent<Data extends z.ZodObject>(event: EventContract<Data>): EventContract<Data> {
  return event;
}

/** The JSON form of CloudEvents 1.0, as it is published and heard. */
export const envelope = z.looseObject({
  specversion: z.literal("1.0"),
  id: z.string().min(1),
  /** `/services/NAME`; with the id it names an event once. */
  source: z.string().min(1),
  type: z.string().min(1),
  subject: z.string().min(1).optional(),
  time: z.iso.datetime({ offset: true }).optional(),
  datacontenttype: z.literal("application/json").optional(),
  dataschema: z.string().optional(),
  /** Position among the events of the same subject, from 1; text, since CloudEvents has no large integers. */
  sequence: z.string().regex(/^\d+$/).optional(),
  traceparent: z.string().optional(),
  data: z.unknown(),
});
export type Envelope = z.output<typeof envelope>;

/** The `source` of a service's events. */
export const sourceOf = (service: string): string => `/services/${service}`;

/** Variables in which a service takes the topic that it publishes to and the queue that it hears from. */
export const eventVariables = { topic: "EVENTS_TOPIC_ARN", queue: "EVENTS_QUEUE_URL" } as const;

/** Name of the message attribute that carries an event's type, for filter policies. */
export const typeAttribute = "type";
