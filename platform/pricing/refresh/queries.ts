import type { PriceId } from "../../../catalog/prices";

/** Where AWS's price list holds a price, and how its unit becomes ours. */
export interface PriceQuery {
  /** Service code of the price list. */
  readonly service: string;
  /** Attributes that must have exactly these values, besides the region. */
  readonly filters: Readonly<Record<string, string>>;
  /** What the usage type must end with; its beginning names the region. @default any */
  readonly usage?: RegExp;
  /** Our unit in units of the list: 1,000 requests where the list has one. @default 1 */
  readonly times?: number;
}

const ec2 = (instanceType: string): PriceQuery => ({
  service: "AmazonEC2",
  filters: { instanceType, operatingSystem: "Linux", tenancy: "Shared", preInstalledSw: "NA", capacitystatus: "Used" },
  usage: /(^|-)BoxUsage:/,
});
const fargate = (usage: RegExp): PriceQuery => ({ service: "AmazonECS", filters: { productFamily: "Compute" }, usage });
const rds = (instanceType: string, deploymentOption: "Single-AZ" | "Multi-AZ"): PriceQuery => ({
  service: "AmazonRDS",
  filters: { instanceType, deploymentOption, databaseEngine: "PostgreSQL" },
});
const rdsStorage = (usage: RegExp): PriceQuery => ({
  service: "AmazonRDS",
  filters: { databaseEngine: "PostgreSQL", productFamily: "Database Storage" },
  usage,
});
const cache = (instanceType: string): PriceQuery => ({
  service: "AmazonElastiCache",
  filters: { instanceType, cacheEngine: "Valkey" },
});
const of = (service: string, usage: RegExp, filters: PriceQuery["filters"] = {}, times = 1): PriceQuery => ({
  service,
  filters,
  usage,
  times,
});

/**
 * The prices that the refresh asks for. What is not here (spot markets, data transfer, web ACLs, messages) is not in the list in a
 * form that one query finds, and stays unpriced in a refreshed table.
 * https://docs.aws.amazon.com/awsaccountbilling/latest/aboutv2/price-changes.html
 */
export const priceQueries: Partial<Readonly<Record<PriceId, PriceQuery>>> = {
  "ec2.g5.xlarge.on-demand": ec2("g5.xlarge"),
  "ec2.g5.2xlarge.on-demand": ec2("g5.2xlarge"),
  "ec2.g6.xlarge.on-demand": ec2("g6.xlarge"),
  "ec2.g6.2xlarge.on-demand": ec2("g6.2xlarge"),
  "ec2.g6e.xlarge.on-demand": ec2("g6e.xlarge"),
  "ec2.c5.4xlarge.on-demand": ec2("c5.4xlarge"),
  "ec2.g4dn.xlarge.on-demand": ec2("g4dn.xlarge"),
  "fargate.x86.vcpu": fargate(/(^|-)Fargate-vCPU-Hours:perCPU$/),
  "fargate.x86.memory": fargate(/(^|-)Fargate-GB-Hours$/),
  "fargate.arm.vcpu": fargate(/(^|-)Fargate-ARM-vCPU-Hours:perCPU$/),
  "fargate.arm.memory": fargate(/(^|-)Fargate-ARM-GB-Hours$/),
  "rds.db.t4g.micro.single-az": rds("db.t4g.micro", "Single-AZ"),
  "rds.db.t4g.micro.multi-az": rds("db.t4g.micro", "Multi-AZ"),
  "rds.db.t4g.small.single-az": rds("db.t4g.small", "Single-AZ"),
  "rds.db.t4g.small.multi-az": rds("db.t4g.small", "Multi-AZ"),
  "rds.db.t4g.medium.single-az": rds("db.t4g.medium", "Single-AZ"),
  "rds.db.t4g.medium.multi-az": rds("db.t4g.medium", "Multi-AZ"),
  "rds.db.t4g.large.single-az": rds("db.t4g.large", "Single-AZ"),
  "rds.db.t4g.large.multi-az": rds("db.t4g.large", "Multi-AZ"),
  "rds.db.r6g.large.single-az": rds("db.r6g.large", "Single-AZ"),
  "rds.db.r6g.large.multi-az": rds("db.r6g.large", "Multi-AZ"),
  "rds.db.r6g.xlarge.single-az": rds("db.r6g.xlarge", "Single-AZ"),
  "rds.db.r6g.xlarge.multi-az": rds("db.r6g.xlarge", "Multi-AZ"),
  "rds.db.r7g.large.single-az": rds("db.r7g.large", "Single-AZ"),
  "rds.db.r7g.large.multi-az": rds("db.r7g.large", "Multi-AZ"),
  "rds.db.r7g.xlarge.single-az": rds("db.r7g.xlarge", "Single-AZ"),
  "rds.db.r7g.xlarge.multi-az": rds("db.r7g.xlarge", "Multi-AZ"),
  "rds.gp3.storage.single-az": rdsStorage(/(^|-)RDS:GP3-Storage$/),
  "rds.gp3.storage.multi-az": rdsStorage(/(^|-)RDS:Multi-AZ-GP3-Storage$/),
  "ebs.gp3.storage": of("AmazonEC2", /(^|-)EBS:VolumeUsage\.gp3$/, { volumeApiName: "gp3", productFamily: "Storage" }),
  "alb.hour": of("AWSELB", /(^|-)LoadBalancerUsage$/, { productFamily: "Load Balancer-Application" }),
  "alb.lcu": of("AWSELB", /(^|-)LCUUsage$/, { productFamily: "Load Balancer-Application" }),
  "nlb.lcu": of("AWSELB", /(^|-)LCUUsage$/, { productFamily: "Load Balancer-Network" }),
  "nat-gateway.hour": of("AmazonEC2", /(^|-)NatGateway-Hours$/, { productFamily: "NAT Gateway" }),
  "nat-gateway.data": of("AmazonEC2", /(^|-)NatGateway-Bytes$/, { productFamily: "NAT Gateway" }),
  "vpc-endpoint.interface.hour": of("AmazonVPC", /(^|-)VpcEndpoint-Hours$/),
  "vpc-endpoint.interface.data": of("AmazonVPC", /(^|-)VpcEndpoint-Bytes$/),
  "public-ipv4.hour": of("AmazonVPC", /(^|-)PublicIPv4:InUseAddress$/),
  "cloudwatch.metric": of("AmazonCloudWatch", /(^|-)CW:MetricMonitorUsage$/),
  "cloudwatch.alarm.standard": of("AmazonCloudWatch", /(^|-)CW:AlarmMonitorUsage$/),
  "cloudwatch.alarm.high-resolution": of("AmazonCloudWatch", /(^|-)CW:HighResAlarmMonitorUsage$/),
  "cloudwatch.alarm.composite": of("AmazonCloudWatch", /(^|-)CW:CompositeAlarmMonitorUsage$/),
  "logs.ingest": of("AmazonCloudWatch", /(^|-)DataProcessing-Bytes$/),
  "logs.storage": of("AmazonCloudWatch", /(^|-)TimedStorage-ByteHrs$/),
  "ecr.storage": of("AmazonECR", /(^|-)TimedStorage-ByteHrs$/),
  "secrets-manager.secret": of("AWSSecretsManager", /(^|-)AWSSecretsManager-Secrets$/),
  "secrets-manager.api": of("AWSSecretsManager", /(^|-)AWSSecretsManagerAPIRequest$/, {}, 10_000),
  "s3.standard.storage": of("AmazonS3", /(^|-)TimedStorage-ByteHrs$/, { productFamily: "Storage" }),
  "s3.standard.put": of("AmazonS3", /(^|-)Requests-Tier1$/, {}, 1_000),
  "s3.standard.get": of("AmazonS3", /(^|-)Requests-Tier2$/, {}, 1_000),
  "kms.key": of("awskms", /(^|-)KMS-Keys$/),
  "elasticache.cache.t4g.micro": cache("cache.t4g.micro"),
  "elasticache.cache.t4g.small": cache("cache.t4g.small"),
  "elasticache.cache.t4g.medium": cache("cache.t4g.medium"),
  "elasticache.cache.m7g.large": cache("cache.m7g.large"),
  "elasticache.cache.r7g.large": cache("cache.r7g.large"),
};
