import * as aws from "@pulumi/aws";
import * as pulumi from "@pulumi/pulumi";
import { queueProblem } from "../catalog/messaging";
import { InputError } from "../contracts/input-error";
import { Component } from "./component";
import { denyPlainText, policyText, type Statement } from "./policy";
import { encryptedTopic } from "./topic";

export interface EventQueueArgs {
  /** Seconds that a consumer has for a message before another gets it, 0-43200. @default 60 */
  readonly visibilityTimeout?: number;
  /** Deliveries after which a message goes to the dead-letter queue, 1-1000. @default 5 */
  readonly maxReceiveCount?: number;
}

const deadLetterSeconds = 14 * 24 * 3600;
const queueSeconds = 4 * 24 * 3600;

/**
 * A topic and the queue that one consumer reads it from, with a dead-letter queue; all encrypted and TLS only. Message bodies are
 * text, so binary payloads travel as base64.
 */
export class EventQueue extends Component {
  readonly topicArn: pulumi.Output<string>;
  readonly queueArn: pulumi.Output<string>;
  readonly queueUrl: pulumi.Output<string>;

  constructor(name: string, args: EventQueueArgs, opts?: pulumi.ComponentResourceOptions) {
    super("messaging:EventQueue", name, opts);
    const visibilityTimeout = checked("visibilityTimeout", args.visibilityTimeout ?? 60);
    const maxReceiveCount = checked("maxReceiveCount", args.maxReceiveCount ?? 5);
    const topic = encryptedTopic(this, name);
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
        conditions: { ArnEquals: { "aws:SourceArn": topic.arn } },
      },
    ]);
    queuePolicy(this, "dead-letters", deadLetters, []);
    new aws.sns.TopicSubscription(
      `${name}-subscription`,
      { topic: topic.arn, protocol: "sqs", endpoint: queue.arn, rawMessageDelivery: true },
      { parent: this },
    );
    this.topicArn = topic.arn;
    this.queueArn = queue.arn;
    this.queueUrl = queue.url;
    this.registerOutputs({ topicArn: this.topicArn, queueUrl: this.queueUrl });

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
