import * as aws from "@pulumi/aws";
import * as pulumi from "@pulumi/pulumi";
import { queueProblem, typeFilterProblem } from "../catalog/messaging";
import { InputError } from "../contracts/input-error";
import { Component } from "./component";
import { denyPlainText, policyText, type Statement } from "./policy";
import { encryptedTopic } from "./topic";

/**
 * The topic of the game's events: CloudEvents 1.0 as JSON, each with its type in the message attribute `type`. Encrypted and TLS only.
 *
 * Cost: $0.50 for a million messages published, after the first; deliveries to queues are free.
 */
export class EventTopic extends Component {
  readonly topicArn: pulumi.Output<string>;
  /** The dimension of its metrics. */
  readonly topicName: pulumi.Output<string>;

  constructor(name: string, opts?: pulumi.ComponentResourceOptions) {
    super("messaging:EventTopic", name, opts);
    const topic = encryptedTopic(this, name);
    this.topicArn = topic.arn;
    this.topicName = topic.name;
    this.registerOutputs({ topicArn: this.topicArn });
  }
}

export interface EventQueueArgs {
  readonly topicArn: pulumi.Input<string>;
  /** Types of events that it gets: whole ones, a beginning such as `time.*`, or `*` alone for all. */
  readonly types: readonly string[];
  /** Seconds that the consumer has for a message before another replica gets it, 0-43200. @default 60 */
  readonly visibilityTimeout?: number;
  /** Deliveries after which a message goes to the dead-letter queue, 1-1000. @default 5 */
  readonly maxReceiveCount?: number;
}

const deadLetterSeconds = 14 * 24 * 3600;
const queueSeconds = 4 * 24 * 3600;

/**
 * The queue that one consumer reads its events from, with a dead-letter queue; encrypted and TLS only.
 *
 * Cost: $0.40 for a million requests, after the first; a consumer that waits asks three times a minute, 130,000 times a month.
 */
export class EventQueue extends Component {
  readonly queueArn: pulumi.Output<string>;
  readonly queueUrl: pulumi.Output<string>;
  readonly deadLetterUrl: pulumi.Output<string>;
  /** The dimension of its metrics, and of those of its dead letters. */
  readonly queueName: pulumi.Output<string>;
  readonly deadLetterName: pulumi.Output<string>;

  constructor(name: string, args: EventQueueArgs, opts?: pulumi.ComponentResourceOptions) {
    super("messaging:EventQueue", name, opts);
    const visibilityTimeout = checked("visibilityTimeout", args.visibilityTimeout ?? 60);
    const maxReceiveCount = checked("maxReceiveCount", args.maxReceiveCount ?? 5);
    const filterPolicy = typeFilter(name, args.types);
    const deadLetters = new aws.sqs.Queue(
      `${name}-dead-letters`,
      { sqsManagedSseEnabled: true, messageRetentionSeconds: deadLetterSeconds },
      { parent: this },
    );
    const queue = new aws.sqs.Queue(
      `${name}-queue`,
      {
        sqsManagedSseEnabled: true,
        messageRetentionSeconds: queueSeconds,
        visibilityTimeoutSeconds: visibilityTimeout,
        receiveWaitTimeSeconds: 20,
        redrivePolicy: pulumi.jsonStringify({ deadLetterTargetArn: deadLetters.arn, maxReceiveCount }),
      },
      { parent: this },
    );
    new aws.sqs.RedriveAllowPolicy(
      `${name}-redrive`,
      {
        queueUrl: deadLetters.url,
        redriveAllowPolicy: pulumi.jsonStringify({ redrivePermission: "byQueue", sourceQueueArns: [queue.arn] }),
      },
      { parent: this },
    );
    queuePolicy(this, "queue", queue, [
      {
        sid: "DeliverFromTopic",
        principals: { Service: "sns.amazonaws.com" },
        actions: ["sqs:SendMessage"],
        resources: [queue.arn],
        conditions: { ArnEquals: { "aws:SourceArn": args.topicArn } },
      },
    ]);
    queuePolicy(this, "dead-letters", deadLetters, []);
    new aws.sns.TopicSubscription(
      `${name}-subscription`,
      { topic: args.topicArn, protocol: "sqs", endpoint: queue.arn, rawMessageDelivery: true, filterPolicy },
      { parent: this },
    );
    this.queueArn = queue.arn;
    this.queueUrl = queue.url;
    this.deadLetterUrl = deadLetters.url;
    this.queueName = queue.name;
    this.deadLetterName = deadLetters.name;
    this.registerOutputs({ queueUrl: this.queueUrl, deadLetterUrl: this.deadLetterUrl });

    function checked(attribute: "visibilityTimeout" | "maxReceiveCount", value: number): number {
      const problem = queueProblem(attribute, value);
      if (problem !== undefined)
        throw new InputError({ path: `${name}.${attribute}`, ...problem, where: "the component's arguments" });
      return value;
    }

    function queuePolicy(parent: EventQueue, part: string, of: aws.sqs.Queue, statements: readonly Statement[]) {
      new aws.sqs.QueuePolicy(
        `${name}-${part}-policy`,
        { queueUrl: of.url, policy: policyText([denyPlainText("sqs:*", [of.arn]), ...statements]) },
        { parent },
      );
    }
  }
}

/** The filter policy of a subscription, by the message attribute `type`; undefined where all types are wanted. */
function typeFilter(name: string, types: readonly string[]): string | undefined {
  const problem = typeFilterProblem(types);
  if (problem !== undefined)
    throw new InputError({ path: `${name}.types`, ...problem, where: "the component's arguments" });
  if (types.includes("*")) return undefined;
  const values = [...types].sort().map((type) => (type.endsWith("*") ? { prefix: type.slice(0, -1) } : type));
  return JSON.stringify({ type: values });
}
