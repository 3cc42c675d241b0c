import type { Message } from "@aws-sdk/client-sqs";
import type { Logger } from "../logger";
import { type HeardEvent, PoisonMessage, readEvent } from "./inbox";
import { type Surroundings, sleep } from "./surroundings";

type Environment = Readonly<Record<string, string | undefined>>;

export interface QueueOptions {
  readonly queueUrl: string;
  readonly environment: Environment;
  readonly logger: Logger;
  readonly around: Surroundings;
  /** Applies an event; when it resolves, the message is deleted. */
  readonly apply: (event: HeardEvent) => Promise<"applied" | "repeated">;
  readonly count: (outcome: "applied" | "repeated" | "unknown" | "failed" | "poison", type: string) => void;
}

/** Seconds that a call waits for messages, and milliseconds after a failed one, doubled each time up to the most. */
const waitSeconds = 20;
const againMs = 500;
const mostAgainMs = 30_000;
/** Seconds after which a message that failed comes again, doubled with each delivery up to the most. */
const retrySeconds = 2;
const mostRetrySeconds = 120;

/** Hears from an SQS queue until it is stopped. @returns A function that stops it, after the messages that it has taken */
export function hearQueue({ queueUrl, environment, logger, around, apply, count }: QueueOptions): () => Promise<void> {
  const stop = new AbortController();
  const done = run();
  return async () => {
    stop.abort();
    await done;
  };

  async function run(): Promise<void> {
    const sdk = await import("@aws-sdk/client-sqs");
    const sqs = new sdk.SQSClient({
      region: environment.AWS_REGION,
      endpoint: environment.AWS_ENDPOINT_URL_SQS || undefined,
      maxAttempts: 2,
    });
    let failures = 0;
    while (!stop.signal.aborted) {
      try {
        const command = new sdk.ReceiveMessageCommand({
          QueueUrl: queueUrl,
          MaxNumberOfMessages: 10,
          WaitTimeSeconds: waitSeconds,
          MessageSystemAttributeNames: ["ApproximateReceiveCount"],
        });
        const { Messages = [] } = await sqs.send(command, { abortSignal: stop.signal });
        const handled = await handleAll(Messages, (message, seconds) =>
          sqs.send(
            new sdk.ChangeMessageVisibilityCommand({
              QueueUrl: queueUrl,
              ReceiptHandle: message.ReceiptHandle,
              VisibilityTimeout: seconds,
            }),
          ),
        );
        if (handled.length > 0) {
          const Entries = handled.map(({ ReceiptHandle }, index) => ({ Id: String(index), ReceiptHandle }));
          await sqs.send(new sdk.DeleteMessageBatchCommand({ QueueUrl: queueUrl, Entries }));
        }
        failures = 0;
      } catch (error) {
        if (stop.signal.aborted) break;
        failures += 1;
        const ms = Math.min(againMs * 2 ** (failures - 1), mostAgainMs);
        logger.warn({ err: error, againMs: ms }, "the queue cannot be reached; it is tried again");
        await sleep(around, ms, stop.signal);
      }
    }
    sqs.destroy();
  }

  /** Handles messages one after the other, those of a subject in their order. @returns Those to be deleted */
  async function handleAll(
    messages: readonly Message[],
    again: (message: Message, seconds: number) => Promise<unknown>,
  ): Promise<Message[]> {
    const handled: Message[] = [];
    for (const { message, read } of messages.map(readMessage).sort(bySubject)) {
      if (read instanceof PoisonMessage) {
        // It goes to the dead-letter queue after as many deliveries as the queue allows.
        logger.error({ err: read, messageId: message.MessageId }, "a message makes no sense");
        count("poison", "none");
        continue;
      }
      if ("unknownType" in read) {
        count("unknown", read.unknownType);
        handled.push(message);
        continue;
      }
      try {
        count(await apply(read), read.type);
        handled.push(message);
      } catch (error) {
        const deliveries = Number(message.Attributes?.ApproximateReceiveCount ?? 1);
        logger.error({ err: error, type: read.type, eventId: read.id, deliveries }, "an event was not applied");
        count("failed", read.type);
        const seconds = Math.min(retrySeconds * 2 ** (deliveries - 1), mostRetrySeconds);
        await again(message, seconds).catch(() => undefined);
      }
    }
    return handled;
  }
}

interface ReadMessage {
  readonly message: Message;
  readonly read: HeardEvent | { readonly unknownType: string } | PoisonMessage;
}

function readMessage(message: Message): ReadMessage {
  try {
    return { message, read: readEvent(message.Body ?? "") };
  } catch (error) {
    if (error instanceof PoisonMessage) return { message, read: error };
    throw error;
  }
}

function bySubject({ read: a }: ReadMessage, { read: b }: ReadMessage): number {
  if (!("id" in a) || !("id" in b) || a.subject !== b.subject) return 0;
  return (a.sequence ?? 0) - (b.sequence ?? 0);
}
