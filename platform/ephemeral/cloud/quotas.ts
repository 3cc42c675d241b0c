import { type AwsCall, AwsError, valuesOf } from "./aws-call";
import type { QuotaReading } from "./cloud";

/** How much of a quota is in use. */
type Count = (aws: AwsCall) => Promise<number>;

const count =
  (service: "ec2" | "rds" | "elbv2" | "elasticache", action: string, element: string): Count =>
  async (aws) => {
    let [total, token] = [0, undefined as string | undefined];
    do {
      const page = await aws.xml(service, action, service === "ec2" ? { NextToken: token } : { Marker: token });
      total += valuesOf(page, element).length;
      token = valuesOf(page, service === "ec2" ? "nextToken" : service === "elbv2" ? "NextMarker" : "Marker")[0];
    } while (token !== undefined && token !== "");
    return total;
  };

/**
 * What an ephemeral stack meets first. Codes as Service Quotas has them:
 * https://docs.aws.amazon.com/general/latest/gr/aws-service-information.html
 */
export const quotaFacts = {
  "L-F678F1CE": {
    service: "vpc",
    what: "VPCs of the region",
    used: count("ec2", "DescribeVpcs", "cidrBlockAssociationSet"),
  },
  "L-0263D0A3": { service: "ec2", what: "elastic addresses", used: count("ec2", "DescribeAddresses", "publicIp") },
  "L-E79EC296": {
    service: "vpc",
    what: "security groups of the region",
    used: count("ec2", "DescribeSecurityGroups", "groupDescription"),
  },
  "L-53DA6B97": {
    service: "elasticloadbalancing",
    what: "application load balancers",
    used: count("elbv2", "DescribeLoadBalancers", "LoadBalancerArn"),
  },
  "L-7B6409FD": {
    service: "rds",
    what: "database instances",
    used: count("rds", "DescribeDBInstances", "DBInstanceIdentifier"),
  },
  "L-DFE45DF3": {
    service: "elasticache",
    what: "cache nodes of the region",
    used: count("elasticache", "DescribeCacheClusters", "CacheClusterId"),
  },
  "L-FE177D64": { service: "iam", what: "IAM roles", used: undefined },
  "L-36FBB829": { service: "fargate", what: "vCPUs of spot tasks", used: undefined },
  "L-3032A538": { service: "fargate", what: "vCPUs of tasks on demand", used: undefined },
  "L-3819A6DF": { service: "ec2", what: "vCPUs of spot nodes of the G family", used: undefined },
  "L-DB2E81BA": { service: "ec2", what: "vCPUs of nodes on demand of the G family", used: undefined },
} as const satisfies Readonly<Record<string, { service: string; what: string; used: Count | undefined }>>;

export type QuotaCode = keyof typeof quotaFacts;

/** Reads quotas and what is used of them; one that Service Quotas does not know for this account is left out. */
export async function readQuotas(aws: AwsCall, codes: readonly string[]): Promise<ReadonlyMap<string, QuotaReading>> {
  const known = codes.filter((code): code is QuotaCode => code in quotaFacts);
  const readings = await Promise.all(
    known.map(async (code): Promise<[string, QuotaReading][]> => {
      const { service, used } = quotaFacts[code];
      const value = await quotaValue(aws, service, code);
      if (value === undefined) return [];
      return [[code, { value, ...(used === undefined ? {} : { used: await used(aws) }) }]];
    }),
  );
  return new Map(readings.flat());
}

async function quotaValue(aws: AwsCall, ServiceCode: string, QuotaCode: string): Promise<number | undefined> {
  for (const action of ["GetServiceQuota", "GetAWSDefaultServiceQuota"]) {
    try {
      const { Quota } = await aws.json("servicequotas", action, { ServiceCode, QuotaCode });
      return (Quota as { Value?: number } | undefined)?.Value;
    } catch (error) {
      if (!(error instanceof AwsError) || !/NoSuchResource|NotFound/.test(error.code)) throw error;
    }
  }
  return undefined;
}
