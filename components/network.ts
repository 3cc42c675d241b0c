import * as aws from "@pulumi/aws";
// The whole of awsx would load its classic part too, and an AWS client with it.
import type { types } from "@pulumi/awsx";
import { Vpc } from "@pulumi/awsx/ec2";
import * as pulumi from "@pulumi/pulumi";
import { endpointBreakEvenGb } from "../catalog/vpc";
import { planSubnets } from "./cidr";
import { Component } from "./component";
import { assumedBy, compare, policyText } from "./policy";

export interface NetworkArgs {
  /** Address range of the VPC in CIDR notation. */
  readonly cidr: string;
  /** Ranges that the VPC must not overlap. */
  readonly reserved: readonly string[];
  /** Number of availability zones. */
  readonly zones: number;
  /** `single` saves money and loses all egress with one zone; `one-per-zone` does not. */
  readonly natGateways: "none" | "single" | "one-per-zone";
  /** What flow logs keep: refused traffic, or everything. */
  readonly flowLogs: "reject" | "all";
  /** Days that flow logs are kept. */
  readonly logDays: number;
  /** GB a month and zone that each AWS service is expected to take, by the last part of its endpoint's name, such as `logs`. */
  readonly expectedTrafficGb: Readonly<Record<string, number>>;
}

const natStrategies = {
  none: "None",
  single: "Single",
  "one-per-zone": "OnePerAz",
} as const satisfies Record<NetworkArgs["natGateways"], types.enums.ec2.NatGatewayStrategy>;

/**
 * A VPC with a public and a private subnet in each zone; everything but load balancers and NAT gateways lives in the private
 * ones. The default security group lets nothing through, and flow logs are kept.
 *
 * Cost: a NAT gateway is 0.045 x 730 = $32.85 a month and $0.045 per GB, its address $3.65. The gateway endpoint for S3, through
 * which image layers come, is free. An interface endpoint is 0.01 x 730 = $7.30 a month in each zone and $0.01 per GB, so it pays
 * from 7.30 / (0.045 - 0.01) = 209 GB a month and zone on: it is made for the services that are expected to take more.
 */
export class Network extends Component {
  readonly vpcId: pulumi.Output<string>;
  readonly publicSubnetIds: pulumi.Output<string[]>;
  readonly privateSubnetIds: pulumi.Output<string[]>;

  constructor(name: string, args: NetworkArgs, opts?: pulumi.ComponentResourceOptions) {
    super("network:Network", name, opts);
    const region = aws.config.requireRegion();
    const vpc = createVpc(this);
    closeDefaultGroup(this);
    createFlowLogs(this);
    createGatewayEndpoint(this);
    createInterfaceEndpoints(this);
    this.vpcId = vpc.vpcId;
    this.publicSubnetIds = vpc.publicSubnetIds;
    this.privateSubnetIds = vpc.privateSubnetIds;
    this.registerOutputs({ vpcId: this.vpcId });

    function createVpc(parent: Network) {
      const { privatePrefix, publicPrefix } = planSubnets(args);
      return new Vpc(
        `${name}-vpc`,
        {
          cidrBlock: args.cidr,
          numberOfAvailabilityZones: args.zones,
          natGateways: { strategy: natStrategies[args.natGateways] },
          subnetStrategy: "Auto",
          subnetSpecs: [
            { type: "Private", cidrMask: privatePrefix },
            { type: "Public", cidrMask: publicPrefix },
          ],
          enableDnsHostnames: true,
          enableDnsSupport: true,
        },
        { parent },
      );
    }

    function closeDefaultGroup(parent: Network) {
      new aws.ec2.DefaultSecurityGroup(
        `${name}-default-group`,
        { vpcId: vpc.vpcId, ingress: [], egress: [] },
        { parent },
      );
    }

    function createFlowLogs(parent: Network) {
      const logs = new aws.cloudwatch.LogGroup(`${name}-flow-logs`, { retentionInDays: args.logDays }, { parent });
      const role = new aws.iam.Role(
        `${name}-flow-logs-role`,
        {
          assumeRolePolicy: assumedBy("vpc-flow-logs.amazonaws.com", parent),
          description: "Writes the VPC's flow logs",
        },
        { parent },
      );
      const policy = new aws.iam.RolePolicy(
        `${name}-flow-logs-policy`,
        {
          role: role.name,
          policy: policyText([
            {
              sid: "WriteFlowLogs",
              actions: ["logs:CreateLogStream", "logs:DescribeLogStreams", "logs:PutLogEvents"],
              resources: [pulumi.interpolate`${logs.arn}:*`],
            },
          ]),
        },
        { parent },
      );
      new aws.ec2.FlowLog(
        `${name}-flow-log`,
        {
          vpcId: vpc.vpcId,
          trafficType: args.flowLogs === "all" ? "ALL" : "REJECT",
          logDestinationType: "cloud-watch-logs",
          logDestination: logs.arn,
          iamRoleArn: role.arn,
          maxAggregationInterval: 600,
        },
        { parent, dependsOn: [policy] },
      );
    }

    function createGatewayEndpoint(parent: Network) {
      new aws.ec2.VpcEndpoint(
        `${name}-s3-endpoint`,
        {
          vpcId: vpc.vpcId,
          vpcEndpointType: "Gateway",
          serviceName: `com.amazonaws.${region}.s3`,
          routeTableIds: vpc.routeTables.apply((tables) => tables.map(({ id }) => id)),
        },
        { parent },
      );
    }

    function createInterfaceEndpoints(parent: Network) {
      const services = payingEndpoints(args.expectedTrafficGb);
      if (services.length === 0) return;
      const group = new aws.ec2.SecurityGroup(
        `${name}-endpoints`,
        { vpcId: vpc.vpcId, description: "Interface endpoints of AWS services" },
        { parent },
      );
      new aws.vpc.SecurityGroupIngressRule(
        `${name}-endpoints-from-vpc`,
        {
          securityGroupId: group.id,
          description: "HTTPS from the VPC",
          cidrIpv4: args.cidr,
          ipProtocol: "tcp",
          fromPort: 443,
          toPort: 443,
        },
        { parent },
      );
      for (const service of services) {
        new aws.ec2.VpcEndpoint(
          `${name}-${service.replaceAll(".", "-")}-endpoint`,
          {
            vpcId: vpc.vpcId,
            vpcEndpointType: "Interface",
            serviceName: `com.amazonaws.${region}.${service}`,
            subnetIds: vpc.privateSubnetIds,
            securityGroupIds: [group.id],
            privateDnsEnabled: true,
          },
          { parent },
        );
      }
    }
  }
}

/** The AWS services whose expected traffic makes an interface endpoint cheaper than the NAT gateway, sorted. */
export function payingEndpoints(expectedTrafficGb: Readonly<Record<string, number>>): string[] {
  return Object.entries(expectedTrafficGb)
    .filter(([, gb]) => gb > endpointBreakEvenGb)
    .map(([service]) => service)
    .sort(compare);
}
