import { createHash } from "node:crypto";
import * as aws from "@pulumi/aws";
import * as pulumi from "@pulumi/pulumi";
import type { Severity } from "../contracts/alarms/definition";
import { Component } from "./component";
import { accountOf, denyPlainText, policyText, type Statement } from "./policy";

/** Services of AWS that tell about trouble: alarms, events, budgets, and RDS. */
const publishers = ["budgets", "cloudwatch", "events", "events.rds"].map((service) => `${service}.amazonaws.com`);

export interface AlertsArgs {
  /** Addresses that each topic delivers to, e-mail or https; who reads an e-mail has to confirm it once. */
  readonly subscribers: Readonly<Record<Severity, readonly string[]>>;
  /** A key that lets AWS's own services publish. Without it only roles of the account can, Auto Scaling's among them. */
  readonly ownKey: boolean;
}

/**
 * The topics that tell people about trouble, one per severity, and the key that lets AWS's own services publish to them: the account's
 * SNS key lets in roles of the account only, so a CloudWatch alarm could never be heard.
 *
 * Cost: $1 a month for the key, nothing for the topics, $0.50 for a million messages.
 */
export class Alerts extends Component {
  readonly topicArns: Readonly<Record<Severity, pulumi.Output<string>>>;

  constructor(name: string, args: AlertsArgs, opts?: pulumi.ComponentResourceOptions) {
    super("messaging:Alerts", name, opts);
    const accountId = accountOf(this);
    const ofAccount = { StringEquals: { "aws:SourceAccount": accountId } };
    const kmsMasterKeyId = args.ownKey ? createKey(this).arn : "alias/aws/sns";
    // Made before there were severities: its name stays. Without alarms the others would stay empty.
    const ticket = createTopic(this, name, ["ticket", ...(args.ownKey ? [] : (["page", "info"] as const))]);
    this.topicArns = {
      page: args.ownKey ? createTopic(this, `${name}-page`, ["page"]) : ticket,
      ticket,
      info: args.ownKey ? createTopic(this, `${name}-info`, ["info"]) : ticket,
    };
    this.registerOutputs({ topicArns: this.topicArns });

    function createKey(parent: Alerts): aws.kms.Key {
      return new aws.kms.Key(
        `${name}-key`,
        {
          description: "Encrypts the topics of alerts",
          enableKeyRotation: true,
          deletionWindowInDays: 30,
          policy: policyText(keyStatements()),
        },
        { parent },
      );
    }

    function keyStatements(): Statement[] {
      const root = pulumi.interpolate`arn:aws:iam::${accountId}:root`;
      return [
        { sid: "Administer", principals: { AWS: root }, actions: ["kms:*"], resources: ["*"] },
        {
          sid: "PublishFromServices",
          principals: { Service: publishers },
          actions: ["kms:Decrypt", "kms:GenerateDataKey*"],
          resources: ["*"],
          conditions: ofAccount,
        },
        {
          // Auto Scaling publishes by its service-linked role, which may not exist yet: so the account, narrowed to that role.
          sid: "PublishFromAutoScaling",
          principals: { AWS: root },
          actions: ["kms:Decrypt", "kms:GenerateDataKey*"],
          resources: ["*"],
          conditions: {
            ArnLike: {
              "aws:PrincipalArn": pulumi.interpolate`arn:aws:iam::${accountId}:role/aws-service-role/autoscaling.amazonaws.com/*`,
            },
          },
        },
      ];
    }

    function publishStatement(topicArn: pulumi.Output<string>): Statement {
      return {
        sid: "PublishFromServices",
        principals: { Service: publishers },
        actions: ["sns:Publish"],
        resources: [topicArn],
        conditions: ofAccount,
      };
    }

    function createTopic(parent: Alerts, topicName: string, told: readonly Severity[]): pulumi.Output<string> {
      const topic = new aws.sns.Topic(`${topicName}-topic`, { kmsMasterKeyId }, { parent });
      new aws.sns.TopicPolicy(
        `${topicName}-topic-policy`,
        {
          arn: topic.arn,
          policy: policyText([
            denyPlainText("sns:Publish", [topic.arn]),
            ...(args.ownKey ? [publishStatement(topic.arn)] : []),
          ]),
        },
        { parent },
      );
      for (const endpoint of new Set(told.flatMap((severity) => args.subscribers[severity]))) {
        const protocol = endpoint.startsWith("https:") ? "https" : "email";
        const part = createHash("sha256").update(endpoint).digest("hex").slice(0, 8);
        new aws.sns.TopicSubscription(
          `${topicName}-${protocol}-${part}`,
          { topic: topic.arn, protocol, endpoint },
          { parent },
        );
      }
      return topic.arn;
    }
  }
}
