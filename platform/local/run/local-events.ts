import { startEventEmulator } from "../../../runtime/events/emulator";
import { isObject, type PropertyMap, type RecordedResource, unwrapSecret } from "../../engine";
import type { Graph } from "../graph/graph";

/** A queue of the stack as it is here. */
export interface LocalQueue {
  /** Logical name in the stack. */
  readonly name: string;
  readonly url: string;
}

/** SNS and SQS of this machine, with the stack's topics, queues and subscriptions. */
export interface LocalEvents {
  /** Address of the emulator. */
  readonly url: string;
  readonly queues: readonly LocalQueue[];
  /** Outputs of a topic or queue that the graph declares. */
  outputsOf(resource: RecordedResource): Readonly<Record<string, string>>;
  close(): Promise<void>;
}

const types = {
  topic: "aws:sns/topic:Topic",
  queue: "aws:sqs/queue:Queue",
  subscription: "aws:sns/topicSubscription:TopicSubscription",
} as const;

/**
 * Makes what the stack declares in an emulator in this process: queues with their limits and dead-letter queues, topics, and
 * subscriptions with their filter policies. Messages live in memory.
 */
export async function startLocalEvents(graph: Graph, port: number, region: string): Promise<LocalEvents> {
  const emulator = await startEventEmulator(port, region);
  const made = new Map<RecordedResource, Readonly<Record<string, string>>>();
  try {
    for (const topic of graph.ofType(types.topic)) {
      const arn = await emulator.createTopic(topic.name);
      made.set(topic, { arn, id: arn });
    }
    const all = graph.ofType(types.queue);
    // One that others send their dead letters to comes before them.
    for (const queue of [...all.filter((each) => !redrive(each)), ...all.filter(redrive)]) {
      const { arn, url } = await emulator.createQueue(queue.name, attributes(graph, made, queue));
      made.set(queue, { arn, url, id: url });
    }
    for (const { inputs } of graph.ofType(types.subscription)) {
      const topic = made.get(graph.behind(inputs.topic)!);
      const queue = made.get(graph.behind(inputs.endpoint)!);
      if (inputs.protocol !== "sqs" || topic === undefined || queue === undefined) continue;
      await emulator.subscribe(topic.arn!, queue.arn!, {
        RawMessageDelivery: String(inputs.rawMessageDelivery === true),
        ...(typeof inputs.filterPolicy === "string" && { FilterPolicy: inputs.filterPolicy }),
      });
    }
  } catch (error) {
    await emulator.close();
    throw error;
  }
  return {
    url: emulator.url,
    queues: graph.ofType(types.queue).map((queue) => ({ name: queue.name, url: made.get(queue)!.url! })),
    outputsOf: (resource) => made.get(resource) ?? {},
    close: () => emulator.close(),
  };
}

const redrive = ({ inputs }: RecordedResource): boolean => redrivePolicy(inputs) !== undefined;

function redrivePolicy({ redrivePolicy: given }: PropertyMap): string | undefined {
  const text = unwrapSecret(given ?? null);
  return typeof text === "string" ? text : undefined;
}

/** What the emulator heeds of a queue: how long a message is away, and where it goes at last. */
function attributes(
  graph: Graph,
  made: ReadonlyMap<RecordedResource, Readonly<Record<string, string>>>,
  { inputs }: RecordedResource,
): Record<string, string> {
  const given = {
    VisibilityTimeout: inputs.visibilityTimeoutSeconds,
    MessageRetentionPeriod: inputs.messageRetentionSeconds,
    ReceiveMessageWaitTimeSeconds: inputs.receiveWaitTimeSeconds,
    RedrivePolicy: localRedrive(),
  };
  return Object.fromEntries(
    Object.entries(given).flatMap(([name, value]) => (value === undefined ? [] : [[name, String(value)]])),
  );

  function localRedrive(): string | undefined {
    const text = redrivePolicy(inputs);
    if (text === undefined) return undefined;
    const policy: unknown = JSON.parse(text);
    const target = isObject(policy as PropertyMap)
      ? graph.behind((policy as PropertyMap).deadLetterTargetArn)
      : undefined;
    const deadLetterTargetArn = target && made.get(target)?.arn;
    return JSON.stringify({ ...(policy as PropertyMap), deadLetterTargetArn });
  }
}
