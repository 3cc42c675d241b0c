import * as aws from "@pulumi/aws";
import * as pulumi from "@pulumi/pulumi";
import type { Severity } from "../contracts/alarms/definition";
import type { NoticeDefinition } from "../contracts/notices";
import { Component } from "./component";

type Text = pulumi.Input<string>;

export interface NoticesArgs {
  readonly notices: readonly NoticeDefinition<Text>[];
  readonly topicArns: Readonly<Record<Severity, pulumi.Input<string>>>;
}

/**
 * Events of AWS that people are told about as one sentence with its runbook, each to the topic of its severity.
 *
 * Cost: nothing for rules on events of AWS, $0.50 for a million messages.
 */
export class Notices extends Component {
  constructor(name: string, { notices, topicArns }: NoticesArgs, opts?: pulumi.ComponentResourceOptions) {
    super("monitoring:Notices", name, opts);
    for (const { id, severity, runbook, pattern, parts, text } of notices) {
      const rule = new aws.cloudwatch.EventRule(
        `${name}-${id}`,
        { description: `${text}. Runbook: docs/operate/${runbook}.md`, eventPattern: pulumi.jsonStringify(pattern) },
        { parent: this },
      );
      new aws.cloudwatch.EventTarget(
        `${name}-${id}-target`,
        {
          rule: rule.name,
          arn: topicArns[severity],
          inputTransformer: {
            inputPaths: { ...parts },
            inputTemplate: JSON.stringify(`${text}. Runbook: docs/operate/${runbook}.md`),
          },
        },
        { parent: this },
      );
    }
    this.registerOutputs({});
  }
}
