import * as aws from "@pulumi/aws";
import type * as pulumi from "@pulumi/pulumi";
import { denyPlainText, policyText } from "./policy";

/**
 * A topic that is encrypted with the account's own SNS key and takes TLS only. That key lets in whoever acts by a role of the account,
 * Auto Scaling's service-linked role included, and no other service of AWS by itself.
 */
export function encryptedTopic(parent: pulumi.Resource, name: string): aws.sns.Topic {
  const topic = new aws.sns.Topic(`${name}-topic`, { kmsMasterKeyId: "alias/aws/sns" }, { parent });
  new aws.sns.TopicPolicy(
    `${name}-topic-policy`,
    { arn: topic.arn, policy: policyText([denyPlainText("sns:Publish", [topic.arn])]) },
    { parent },
  );
  return topic;
}
