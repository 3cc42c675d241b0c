import { type Envelope, typeAttribute } from "../../contracts/events/define";
import type { Publish } from "./outbox";

type Environment = Readonly<Record<string, string | undefined>>;

/** Events and bytes of one call. Source: SNS quotas, PublishBatch: 10 messages, 256 KiB together. */
const mostEntries = 10;
const mostBytes = 256 * 1024;
/** Milliseconds that a call may take. */
const callMs = 5_000;

/** Publishes to an SNS topic. The clients are loaded with the first event. */
export function topicPublisher(topicArn: string, environment: Environment): { publish: Publish; close(): void } {
  let client: Promise<Awaited<ReturnType<typeof open>>> | undefined;
  const open = async () => {
    const { SNSClient, PublishBatchCommand } = await import("@aws-sdk/client-sns");
    const sns = new SNSClient({
      region: environment.AWS_REGION,
      endpoint: environment.AWS_ENDPOINT_URL_SNS || undefined,
      maxAttempts: 2,
    });
    return { sns, PublishBatchCommand };
  };
  return {
    async publish(events, signal) {
      client ??= open();
      const { sns, PublishBatchCommand } = await client;
      for (const batch of batchesOf(events)) {
        const command = new PublishBatchCommand({
          TopicArn: topicArn,
          PublishBatchRequestEntries: batch.map(({ event, text }, index) => ({
            Id: String(index),
            Message: text,
            MessageAttributes: { [typeAttribute]: { DataType: "String", StringValue: event.type } },
          })),
        });
        const { Failed = [] } = await sns.send(command, {
          abortSignal: AbortSignal.any([signal, AbortSignal.timeout(callMs)]),
        });
        if (Failed.length > 0) throw new Error(`${Failed.length} events were not taken: ${Failed[0]?.Code}`);
      }
    },
    close: () => void client?.then(({ sns }) => sns.destroy()),
  };
}

/** Events in the order given, in batches that one call takes. */
export function batchesOf(events: readonly Envelope[]): { event: Envelope; text: string }[][] {
  const batches: { event: Envelope; text: string }[][] = [];
  let bytes = Number.POSITIVE_INFINITY;
  for (const event of events) {
    const text = JSON.stringify(event);
    const size = Buffer.byteLength(text) + 100;
    if (bytes + size > mostBytes || batches.at(-1)!.length === mostEntries) {
      batches.push([]);
      bytes = 0;
    }
    batches.at(-1)!.push({ event, text });
    bytes += size;
  }
  return batches;
}
