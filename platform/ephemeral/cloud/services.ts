/** How a service of AWS is called. Versions and targets as in botocore's models. */
interface ServiceFacts {
  /** First part of its host name. */
  readonly host: string;
  /** What signatures name it. @default the host */
  readonly signingName?: string;
  /** One host for all regions, which signs for us-east-1. */
  readonly global?: boolean;
  /** Version of the query protocol. */
  readonly version?: string;
  /** Prefix of `x-amz-target` of the JSON protocol. */
  readonly target?: string;
  /** @default "1.1" */
  readonly jsonVersion?: "1.0" | "1.1";
}

const facts = {
  autoscaling: { host: "autoscaling", version: "2011-01-01" },
  cloudwatch: { host: "monitoring", version: "2010-08-01" },
  ec2: { host: "ec2", version: "2016-11-15" },
  ecs: { host: "ecs", target: "AmazonEC2ContainerServiceV20141113" },
  elasticache: { host: "elasticache", version: "2015-02-02" },
  elbv2: { host: "elasticloadbalancing", version: "2015-12-01" },
  iam: { host: "iam", global: true, version: "2010-05-08" },
  logs: { host: "logs", target: "Logs_20140328" },
  rds: { host: "rds", version: "2014-10-31" },
  scheduler: { host: "scheduler" },
  secretsmanager: { host: "secretsmanager", target: "secretsmanager" },
  servicediscovery: { host: "servicediscovery", target: "Route53AutoNaming_v20170314" },
  servicequotas: { host: "servicequotas", target: "ServiceQuotasV20190624" },
  sns: { host: "sns", version: "2010-03-31" },
  sqs: { host: "sqs", target: "AmazonSQS", jsonVersion: "1.0" },
  ssm: { host: "ssm", target: "AmazonSSM" },
  sts: { host: "sts", version: "2011-06-15" },
  tagging: { host: "tagging", target: "ResourceGroupsTaggingAPI_20170126" },
  wafv2: { host: "wafv2", target: "AWSWAF_20190729" },
} as const satisfies Readonly<Record<string, ServiceFacts>>;

export type Service = keyof typeof facts;

export const services: Readonly<Record<Service, ServiceFacts>> = facts;
