import type { InvokeContext, ProviderPlugin } from "../plugin";
import type { PropertyMap } from "../types";
import { secret, unknownValue } from "../values";
import { policyDocument } from "./policy-document";

/** The account and the user that AWS's own documentation uses in examples. */
const accountId = "123456789012";
const userId = "AIDACKCEVSQ6C2EXAMPLE";
const defaultRegion = "us-east-1";

/** Partitions by the prefix of their regions: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference-arns.html */
const partitions = [
  { prefix: "cn-", partition: "aws-cn", dnsSuffix: "amazonaws.com.cn", reverseDnsPrefix: "cn.com.amazonaws" },
  { prefix: "us-gov-", partition: "aws-us-gov", dnsSuffix: "amazonaws.com", reverseDnsPrefix: "com.amazonaws" },
  { prefix: "", partition: "aws", dnsSuffix: "amazonaws.com", reverseDnsPrefix: "com.amazonaws" },
] as const;

/**
 * Offline answers to the invokes of `@pulumi/aws`: facts that follow from the region, documents that are computed locally, and
 * "unknown" for everything that only the account knows.
 */
export const aws: ProviderPlugin = {
  invokes: {
    "aws:index/getCallerIdentity:getCallerIdentity": (args, context) => ({
      accountId,
      arn: `arn:${partitionOf(regionOf(args, context)).partition}:iam::${accountId}:user/offline-preview`,
      id: accountId,
      userId,
    }),
    "aws:index/getRegion:getRegion": (args, context) => {
      const region = regionOf(args, context);
      const endpoint = `ec2.${region}.${partitionOf(region).dnsSuffix}`;
      return { id: region, name: region, region, endpoint, description: region };
    },
    "aws:index/getPartition:getPartition": (args, context) => {
      const { partition, dnsSuffix, reverseDnsPrefix } = partitionOf(regionOf(args, context));
      return { id: partition, partition, dnsSuffix, reverseDnsPrefix };
    },
    // One unknown part makes the whole answer unknown to a program that takes it by `apply`, so every part is filled in.
    // Every region has zones a, b and c or more; which further ones an account sees is its own matter.
    "aws:index/getAvailabilityZones:getAvailabilityZones": (args, context) => {
      const region = regionOf(args, context);
      const names = ["a", "b", "c"].map((letter) => `${region}${letter}`);
      return { ...args, id: region, region, names, zoneIds: zoneIds(region, names.length), groupNames: [region] };
    },
    "aws:iam/getPolicyDocument:getPolicyDocument": (args) => {
      const document = policyDocument(args);
      return {
        ...args,
        id: "offline",
        json: JSON.stringify(document, null, 2),
        minifiedJson: JSON.stringify(document),
      };
    },
    "aws:ssm/getParameter:getParameter": (args, { parameters, unknown: standsIn }) => {
      const known =
        typeof args.name === "string" ? (parameters[args.name] ?? standsIn(`parameter ${args.name}`)) : undefined;
      return {
        ...unknown("arn", "type", "version"),
        ...args,
        id: args.name ?? unknownValue,
        insecureValue: known ?? unknownValue,
        value: secret(known ?? unknownValue),
      };
    },
    "aws:secretsmanager/getSecretVersion:getSecretVersion": (args) => ({
      ...unknown("arn", "id", "versionId", "createdDate"),
      ...args,
      secretString: secret(unknownValue),
      secretBinary: secret(unknownValue),
    }),
    "aws:ec2/getAmi:getAmi": (args) => ({
      ...unknown("id", "imageId", "arn", "architecture", "name", "creationDate", "rootDeviceName", "ownerId", "state"),
      ...args,
    }),
    "aws:ec2/getSubnet:getSubnet": (args) => ({
      ...unknown(
        "id",
        "arn",
        "vpcId",
        "cidrBlock",
        "availabilityZone",
        "availabilityZoneId",
        "mapPublicIpOnLaunch",
        "ownerId",
      ),
      ...args,
    }),
    "aws:ec2/getVpc:getVpc": (args) => ({
      ...unknown("id", "arn", "cidrBlock", "mainRouteTableId", "ownerId"),
      ...args,
    }),
    "aws:ec2/getSubnets:getSubnets": (args) => ({ ...unknown("id", "ids"), ...args }),
    "aws:ec2/getPrefixList:getPrefixList": (args) => ({ ...unknown("id", "cidrBlocks", "name"), ...args }),
    "aws:ec2/getManagedPrefixList:getManagedPrefixList": (args) => ({
      ...unknown("id", "arn", "name", "entries"),
      ...args,
    }),
    "aws:organizations/getOrganization:getOrganization": (args) => ({
      ...unknown("id", "arn", "accounts", "nonMasterAccounts", "roots", "featureSet"),
      ...unknown("masterAccountId", "masterAccountArn", "masterAccountEmail", "masterAccountName"),
      ...unknown("awsServiceAccessPrincipals", "enabledPolicyTypes"),
      ...args,
    }),
    "aws:route53/getZone:getZone": (args) => ({ ...unknown("id", "arn", "zoneId", "name", "nameServers"), ...args }),
    "aws:acm/getCertificate:getCertificate": (args) => ({ ...unknown("id", "arn", "status", "certificate"), ...args }),
    "aws:ecr/getAuthorizationToken:getAuthorizationToken": () => ({
      ...unknown("id", "expiresAt", "proxyEndpoint", "userName"),
      authorizationToken: secret(unknownValue),
      password: secret(unknownValue),
    }),
  },
};

function unknown(...names: string[]): PropertyMap {
  return Object.fromEntries(names.map((name) => [name, unknownValue]));
}

function regionOf(args: PropertyMap, { provider }: InvokeContext): string {
  const region = args.region ?? provider.region;
  return typeof region === "string" ? region : defaultRegion;
}

/** `euw1-az1`, `apse2-az1`: which zone has which id is the account's own matter, so they are numbered as the zones are. */
function zoneIds(region: string, count: number): string[] {
  const [area = "", ...rest] = region.split("-");
  const place = rest.map((word) => word.replace(/^(north|south)(east|west)$/, "$1-$2"));
  const short = place.flatMap((word) => word.split("-")).map((word) => word.charAt(0));
  return Array.from({ length: count }, (_, index) => `${area}${short.join("")}-az${index + 1}`);
}

function partitionOf(region: string): (typeof partitions)[number] {
  return partitions.find(({ prefix }) => region.startsWith(prefix)) ?? partitions[2];
}
