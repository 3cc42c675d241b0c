import { expansionOf, lookUp } from "../../expansion";
import type { Expansion, ExpansionScope } from "../../plugin";
import type { PropertyMap, PropertyValue } from "../../types";
import { unknownValue } from "../../values";

export interface DefaultVpc {
  readonly vpcId: PropertyValue;
  readonly publicSubnetIds: PropertyValue;
  readonly privateSubnetIds: PropertyValue;
}

/** The account's default VPC: unknown, unless the invokes that find it have answers. */
export async function defaultVpc(scope: ExpansionScope): Promise<DefaultVpc> {
  const vpc = await scope.invoke("aws:ec2/getVpc:getVpc", { default: true });
  const vpcId = vpc.id ?? unknownValue;
  const { ids } = await scope.invoke("aws:ec2/getSubnets:getSubnets", {
    filters: [{ name: "vpc-id", values: [vpcId] }],
  });
  if (!Array.isArray(ids)) return { vpcId, publicSubnetIds: unknownValue, privateSubnetIds: unknownValue };
  const subnets = await Promise.all(ids.map((id) => scope.invoke("aws:ec2/getSubnet:getSubnet", { id })));
  const withPublicIps = (wanted: boolean): PropertyValue =>
    subnets.some(({ mapPublicIpOnLaunch }) => mapPublicIpOnLaunch === undefined || mapPublicIpOnLaunch === unknownValue)
      ? unknownValue
      : subnets.filter(({ mapPublicIpOnLaunch }) => mapPublicIpOnLaunch === wanted).map(({ id }) => id ?? unknownValue);
  return { vpcId, publicSubnetIds: withPublicIps(true), privateSubnetIds: withPublicIps(false) };
}

export async function expandDefaultVpc(scope: ExpansionScope): Promise<Expansion> {
  return expansionOf({ ...(await defaultVpc(scope)) });
}

/** The VPC of the first of some subnets. */
export function vpcOfSubnet(scope: ExpansionScope, ids: PropertyValue, first: (ids: PropertyMap[]) => PropertyValue) {
  return lookUp(scope, "aws:ec2/getSubnet:getSubnet", ids, (known) => ({ id: first(known as never) }), "vpcId");
}
