import type * as pulumi from "@pulumi/pulumi";
import { Component } from "./component";
import { encryptedTopic } from "./topic";

/**
 * The topic that tells people about trouble: launches and terminations of GPU nodes that fail. Who listens subscribes to it. A
 * CloudWatch alarm cannot publish here: its service is no role of the account, so the topic would first need a key of its own.
 *
 * Cost: nothing for the topic, $0.50 for a million messages.
 */
export class Alerts extends Component {
  readonly topicArn: pulumi.Output<string>;

  constructor(name: string, opts?: pulumi.ComponentResourceOptions) {
    super("messaging:Alerts", name, opts);
    this.topicArn = encryptedTopic(this, name).arn;
    this.registerOutputs({ topicArn: this.topicArn });
  }
}
