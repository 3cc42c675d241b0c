import type { AddressInfo } from "node:net";

/** An emulated SNS and SQS, and how to make what a stack declares in it. */
export interface EventEmulator {
  /** For AWS_ENDPOINT_URL_SNS and AWS_ENDPOINT_URL_SQS. */
  readonly url: string;
  /** @returns Its ARN. */
  createTopic(name: string): Promise<string>;
  /** @param attributes As SQS's CreateQueue has them. */
  createQueue(name: string, attributes?: Readonly<Record<string, string>>): Promise<{ arn: string; url: string }>;
  /** @param attributes As SNS's Subscribe has them: FilterPolicy, RawMessageDelivery. */
  subscribe(topicArn: string, queueArn: string, attributes?: Readonly<Record<string, string>>): Promise<void>;
  /** Ends it at once; what waits in queues is gone. */
  close(): Promise<void>;
}

/**
 * Starts the emulator `fauxqs` in this process, on loopback alone (its own start listens on every network). It keeps messages in memory,
 * checks no signature and no policy, and answers the calls of the SDK's clients.
 * @param port 0 for a free one
 * @throws the system's error for a port that is taken
 */
export async function startEventEmulator(port: number, region: string): Promise<EventEmulator> {
  const { buildApp } = await import("fauxqs");
  const app = buildApp({ logger: false, defaultRegion: region });
  await app.listen({ port, host: "127.0.0.1" });
  const url = `http://127.0.0.1:${(app.server.address() as AddressInfo).port}`;

  /** A call of SQS, in JSON. */
  async function sqs<Answer>(action: string, body: object): Promise<Answer> {
    const answer = await app.inject({
      method: "POST",
      url: "/",
      headers: {
        "content-type": "application/x-amz-json-1.0",
        "x-amz-target": `AmazonSQS.${action}`,
        host: url.slice(7),
      },
      payload: JSON.stringify(body),
    });
    if (answer.statusCode !== 200) throw new Error(`${action}: ${answer.body}`);
    return answer.json() as Answer;
  }

  /** A call of SNS, as a form; the answer is XML. */
  async function sns(action: string, fields: Readonly<Record<string, string>>): Promise<string> {
    const answer = await app.inject({
      method: "POST",
      url: "/",
      headers: { "content-type": "application/x-www-form-urlencoded" },
      payload: new URLSearchParams({ Action: action, ...fields }).toString(),
    });
    if (answer.statusCode !== 200) throw new Error(`${action}: ${answer.body}`);
    return answer.body;
  }

  return {
    url,
    async createTopic(name) {
      const answer = await sns("CreateTopic", { Name: name });
      return /<TopicArn>([^<]+)</.exec(answer)![1]!;
    },
    async createQueue(name, attributes = {}) {
      const { QueueUrl } = await sqs<{ QueueUrl: string }>("CreateQueue", { QueueName: name, Attributes: attributes });
      const { Attributes } = await sqs<{ Attributes: { QueueArn: string } }>("GetQueueAttributes", {
        QueueUrl,
        AttributeNames: ["QueueArn"],
      });
      return { arn: Attributes.QueueArn, url: QueueUrl };
    },
    async subscribe(topicArn, queueArn, attributes = {}) {
      const entries = Object.entries(attributes).flatMap(([key, value], index) => [
        [`Attributes.entry.${index + 1}.key`, key],
        [`Attributes.entry.${index + 1}.value`, value],
      ]);
      const fields = { TopicArn: topicArn, Protocol: "sqs", Endpoint: queueArn };
      await sns("Subscribe", { ...fields, ...Object.fromEntries(entries) });
    },
    close: () => app.close(),
  };
}
