import { badName, type LimitProblem, type NameLimit, outside, type Range } from "./problem";

/** Attributes of an SQS queue. Source: SQS API reference, CreateQueue and SetQueueAttributes. */
export const queueLimits = {
  delay: { min: 0, max: 900, unit: "seconds" },
  messageBytes: { min: 1024, max: 1_048_576, unit: "bytes" },
  retention: { min: 60, max: 1_209_600, unit: "seconds" },
  receiveWait: { min: 0, max: 20, unit: "seconds" },
  visibilityTimeout: { min: 0, max: 43_200, unit: "seconds" },
  maxReceiveCount: { min: 1, max: 1000 },
} as const satisfies Record<string, Range>;

const words = "letters, digits, hyphen, underscore";
/** Names. Source: SQS CreateQueue, SNS CreateTopic. */
export const messagingNames = {
  queue: { max: 80, pattern: /^[A-Za-z0-9_-]+(?:\.fifo)?$/, words: `${words}; .fifo last for a FIFO queue` },
  topic: { max: 256, pattern: /^[A-Za-z0-9_-]+(?:\.fifo)?$/, words: `${words}; .fifo last for a FIFO topic` },
} as const satisfies Record<string, NameLimit>;

/** The problem of one attribute of a queue. */
export const queueProblem = (attribute: keyof typeof queueLimits, value: number): LimitProblem | undefined =>
  outside(value, queueLimits[attribute]);

/** The problem of a queue's name. */
export const queueNameProblem = (name: string): LimitProblem | undefined => badName(name, messagingNames.queue);

/** Values that one filter policy may name. Source: SNS developer guide, "Filter policy constraints". */
const mostFilterValues = 150;

/** Of two dotted words at least: an event type, or the beginning of some followed by `*`. */
const eventTypes = /^[a-z][a-z0-9-]*\.(?:\*|[a-z][a-z0-9-]*(?:\.[a-z][a-z0-9-]*)*(?:\.\*)?)$/;

/** The problem of the types that a queue filters by. */
export function typeFilterProblem(types: readonly string[]): LimitProblem | undefined {
  const allowed = `1 to ${mostFilterValues} types such as weather.changed, beginnings such as time.*, or * alone`;
  const fits = types.length <= mostFilterValues && types.every((type) => eventTypes.test(type));
  return (fits && types.length > 0) || (types.length === 1 && types[0] === "*") ? undefined : { given: types, allowed };
}
