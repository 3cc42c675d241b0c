import * as aws from "@pulumi/aws";
import * as pulumi from "@pulumi/pulumi";
import { product } from "./names";

/** Rule groups of AWS in the order they are asked, each with what it stops. Source: AWS WAF Developer Guide, managed rule groups. */
const managedRules = [
  "AWSManagedRulesAmazonIpReputationList",
  "AWSManagedRulesCommonRuleSet",
  "AWSManagedRulesKnownBadInputsRuleSet",
] as const;

/**
 * Rules whose verdict is counted and not acted on: prompts, stories and saved games are longer than the 8 KB that the rule allows
 * to a body.
 */
const countedRules: Readonly<Partial<Record<(typeof managedRules)[number], readonly string[]>>> = {
  AWSManagedRulesCommonRuleSet: ["SizeRestrictions_BODY"],
};

/**
 * The web ACL of the public edge: bad addresses, common attacks and a limit per address, with every refused request in a log
 * that holds neither credentials nor keys.
 */
export function createWebAcl(
  parent: pulumi.Resource,
  name: string,
  args: {
    readonly requestsPerAddress: number;
    readonly logDays: number;
    readonly loadBalancerArn: pulumi.Input<string>;
  },
): aws.wafv2.WebAcl {
  const acl = new aws.wafv2.WebAcl(
    `${name}-web-acl`,
    {
      scope: "REGIONAL",
      description: "Requests of players",
      defaultAction: { allow: {} },
      rules: [limitRule(args.requestsPerAddress), ...managedRules.map((group, index) => groupRule(group, index + 1))],
      visibilityConfig: visibility(`${name}-web-acl`),
    },
    { parent },
  );
  new aws.wafv2.WebAclAssociation(
    `${name}-web-acl-association`,
    { webAclArn: acl.arn, resourceArn: args.loadBalancerArn },
    { parent },
  );
  const logs = new aws.cloudwatch.LogGroup(
    `${name}-web-acl-logs`,
    { namePrefix: `aws-waf-logs-${product}-${pulumi.getStack()}-`, retentionInDays: args.logDays },
    { parent },
  );
  new aws.wafv2.WebAclLoggingConfiguration(
    `${name}-web-acl-logging`,
    {
      resourceArn: acl.arn,
      logDestinationConfigs: [logs.arn],
      redactedFields: ["authorization", "cookie", "x-api-key"].map((header) => ({ singleHeader: { name: header } })),
      loggingFilter: {
        defaultBehavior: "DROP",
        filters: [
          {
            behavior: "KEEP",
            requirement: "MEETS_ANY",
            conditions: [{ actionCondition: { action: "BLOCK" } }, { actionCondition: { action: "COUNT" } }],
          },
        ],
      },
    },
    { parent },
  );
  return acl;
}

function limitRule(requestsPerAddress: number): aws.types.input.wafv2.WebAclRule {
  return {
    name: "RequestsPerAddress",
    priority: 0,
    action: { block: { customResponse: { responseCode: 429 } } },
    statement: { rateBasedStatement: { limit: requestsPerAddress, aggregateKeyType: "IP", evaluationWindowSec: 300 } },
    visibilityConfig: visibility("RequestsPerAddress"),
  };
}

function groupRule(group: (typeof managedRules)[number], priority: number): aws.types.input.wafv2.WebAclRule {
  return {
    name: group,
    priority,
    overrideAction: { none: {} },
    statement: {
      managedRuleGroupStatement: {
        vendorName: "AWS",
        name: group,
        ruleActionOverrides: (countedRules[group] ?? []).map((rule) => ({ name: rule, actionToUse: { count: {} } })),
      },
    },
    visibilityConfig: visibility(group),
  };
}

function visibility(metricName: string): aws.types.input.wafv2.WebAclVisibilityConfig {
  return { cloudwatchMetricsEnabled: true, sampledRequestsEnabled: true, metricName };
}
