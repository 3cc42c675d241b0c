import {
  DeleteMessageBatchCommand,
  GetQueueAttributesCommand,
  type Message,
  ReceiveMessageCommand,
  SendMessageBatchCommand,
  type SQSClient,
} from "@aws-sdk/client-sqs";

/** The queue of a consumer, and the one that its dead letters lie in. */
export interface ConsumerQueues {
  readonly queueUrl: string;
  readonly deadLetterUrl: string;
}

/** Messages of one call. Source: SQS API reference. */
const mostMessages = 10;
/** Seconds that a message is kept from others while it moves. */
const movingSeconds = 60;

/** Messages that wait in a queue, about: SQS counts no more exactly. */
export async function waitingMessages(sqs: SQSClient, queueUrl: string): Promise<number> {
  const { Attributes } = await sqs.send(
    new GetQueueAttributesCommand({ QueueUrl: queueUrl, AttributeNames: ["ApproximateNumberOfMessages"] }),
  );
  return Number(Attributes?.ApproximateNumberOfMessages ?? 0);
}

/**
 * Moves dead letters back to the consumer's queue, at most as many as lie there now: what fails again at once is not moved in a circle.
 * Each is sent before it is deleted, so one may come twice where this is cut off; the consumer's inbox applies it once.
 * @param limit Messages at most. @default all
 * @returns How many were moved
 */
export async function replayDeadLetters(
  sqs: SQSClient,
  { queueUrl, deadLetterUrl }: ConsumerQueues,
  limit = Number.POSITIVE_INFINITY,
): Promise<number> {
  const wanted = Math.min(limit, await waitingMessages(sqs, deadLetterUrl));
  let moved = 0;
  while (moved < wanted) {
    const { Messages = [] } = await sqs.send(
      new ReceiveMessageCommand({
        QueueUrl: deadLetterUrl,
        MaxNumberOfMessages: Math.min(mostMessages, wanted - moved),
        MessageAttributeNames: ["All"],
        VisibilityTimeout: movingSeconds,
        WaitTimeSeconds: 1,
      }),
    );
    if (Messages.length === 0) break;
    moved += await move(sqs, { queueUrl, deadLetterUrl }, Messages);
  }
  return moved;
}

async function move(sqs: SQSClient, { queueUrl, deadLetterUrl }: ConsumerQueues, messages: readonly Message[]) {
  const { Successful = [], Failed = [] } = await sqs.send(
    new SendMessageBatchCommand({
      QueueUrl: queueUrl,
      Entries: messages.map(({ Body, MessageAttributes }, index) => ({
        Id: String(index),
        MessageBody: Body,
        MessageAttributes,
      })),
    }),
  );
  if (Successful.length > 0) {
    const Entries = Successful.map(({ Id }) => ({ Id, ReceiptHandle: messages[Number(Id)]!.ReceiptHandle }));
    await sqs.send(new DeleteMessageBatchCommand({ QueueUrl: deadLetterUrl, Entries }));
  }
  if (Failed.length > 0) throw new Error(`${Failed.length} dead letters were not taken back: ${Failed[0]!.Message}`);
  return Successful.length;
}
