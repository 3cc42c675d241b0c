import * as aws from "@pulumi/aws";
import type * as pulumi from "@pulumi/pulumi";
import * as random from "@pulumi/random";
import { Component } from "./component";

export interface SecretArgs {
  /** What it opens, for whoever finds it in the console. */
  readonly description: string;
  /**
   * `generated` is a random key of 40 letters and digits; `supplied` starts with a text that says so and keeps what a person
   * puts in its place.
   */
  readonly value: "generated" | "supplied";
  /** Days in which a deleted secret can be brought back, 7-30; 0 deletes at once, for ephemeral stacks. */
  readonly recoveryDays: number;
}

/** What a supplied secret holds until a person sets it. */
export const notSupplied = "not supplied yet";

/** A secret in Secrets Manager with a first value, so that a task that reads it starts. */
export class Secret extends Component {
  readonly arn: pulumi.Output<string>;

  constructor(name: string, args: SecretArgs, opts?: pulumi.ComponentResourceOptions) {
    super("security:Secret", name, opts);
    const secret = new aws.secretsmanager.Secret(
      `${name}-secret`,
      { description: args.description, recoveryWindowInDays: args.recoveryDays },
      { parent: this },
    );
    if (args.value === "generated") {
      const key = new random.RandomPassword(`${name}-value`, { length: 40, special: false }, { parent: this });
      new aws.secretsmanager.SecretVersion(
        `${name}-version`,
        { secretId: secret.id, secretString: key.result },
        { parent: this },
      );
    } else {
      new aws.secretsmanager.SecretVersion(
        `${name}-version`,
        { secretId: secret.id, secretString: notSupplied },
        { parent: this, ignoreChanges: ["secretString"] },
      );
    }
    this.arn = secret.arn;
    this.registerOutputs({ arn: this.arn });
  }
}
