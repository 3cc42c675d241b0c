import * as aws from "@pulumi/aws";
import type * as pulumi from "@pulumi/pulumi";
import { tagKeys } from "../contracts/tags";
import { Component } from "./component";

export interface BudgetArgs {
  readonly monthlyUsd: number;
  /** Stack whose tag the costs carry; the tag must be active as a cost allocation tag of the account. */
  readonly stack: string;
  readonly topicArn: pulumi.Input<string>;
}

/** Percent of the budget at which somebody is told, of what was spent and of what AWS forecasts. */
const warnings = [
  { notificationType: "ACTUAL", threshold: 80 },
  { notificationType: "FORECASTED", threshold: 100 },
] as const;

/** The month's budget of a stack in AWS Budgets, by its tag. Free without actions. */
export class Budget extends Component {
  constructor(name: string, args: BudgetArgs, opts?: pulumi.ComponentResourceOptions) {
    super("monitoring:Budget", name, opts);
    new aws.budgets.Budget(
      `${name}-month`,
      {
        budgetType: "COST",
        timeUnit: "MONTHLY",
        limitAmount: String(args.monthlyUsd),
        limitUnit: "USD",
        costFilters: [{ name: "TagKeyValue", values: [`user:${tagKeys.stack}$${args.stack}`] }],
        notifications: warnings.map((warning) => ({
          ...warning,
          comparisonOperator: "GREATER_THAN",
          thresholdType: "PERCENTAGE",
          subscriberSnsTopicArns: [args.topicArn],
        })),
      },
      { parent: this },
    );
    this.registerOutputs({});
  }
}
