import { type BilledResource, type Graph, listAt, textAt } from "./graph";
import { always, hourly, monthly, type Pricing, perLevel } from "./line";
import type { Pricer } from "./pricer";

const subnetCount = (graph: Graph): number =>
  new Set(graph.ofType("aws:ec2/subnet:Subnet").map(({ inputs }) => JSON.stringify(inputs.availabilityZone))).size;

/** Zones that a resource spans: the subnets it names, or the zones of the network where they are not known yet. */
function zonesOf(resource: BilledResource, graph: Graph, property: string): number {
  const named = listAt(resource, property).length;
  return named > 0 ? named : Math.max(1, subnetCount(graph));
}

const natGateway: Pricer = (_resource, { usage }) => [
  hourly("nat-gateway.hour", always(1), "gateway"),
  monthly("nat-gateway.data", usage.natGb, "GB"),
];

const address: Pricer = () => [hourly("public-ipv4.hour", always(1), "address")];

const endpoint: Pricer = (resource, { graph, usage }): Pricing => {
  if ((textAt(resource, "vpcEndpointType") ?? "Gateway") === "Gateway") return "free";
  const zones = zonesOf(resource, graph, "subnetIds");
  const logGroups = graph.ofType("aws:cloudwatch/logGroup:LogGroup").length;
  const gb = (textAt(resource, "serviceName") ?? "").endsWith(".logs")
    ? perLevel((level) => usage.logGb[level] * logGroups)
    : usage.endpointGb;
  return [
    hourly("vpc-endpoint.interface.hour", always(zones), "zones"),
    monthly("vpc-endpoint.interface.data", gb, "GB"),
  ];
};

/** Traffic between zones is billed on both sides. */
const directions = 2;

const network: Pricer = (_resource, { graph, usage }): Pricing =>
  subnetCount(graph) < 2
    ? "free"
    : [
        monthly(
          "data-transfer.inter-az",
          perLevel((level) => usage.interZoneGb[level] * directions),
          "GB between zones, in and out",
        ),
      ];

const loadBalancer: Pricer = (resource, { graph, usage }): Pricing => {
  const isNetwork = textAt(resource, "loadBalancerType") === "network";
  const isPublic = textAt(resource, "internal") !== "true";
  const addresses = isPublic ? zonesOf(resource, graph, "subnets") : 0;
  return [
    hourly("alb.hour", always(1), "balancer"),
    hourly(isNetwork ? "nlb.lcu" : "alb.lcu", usage.lcu, "LCU"),
    ...(isPublic
      ? [
          hourly("public-ipv4.hour", always(addresses), "addresses"),
          monthly("data-transfer.out", usage.egressGb, "GB to the internet"),
        ]
      : []),
  ];
};

const webAcl: Pricer = (resource, { usage }) => [
  monthly("waf.web-acl", always(1), "web ACL"),
  monthly("waf.rule", always(listAt(resource, "rules").length), "rules"),
  monthly(
    "waf.requests",
    perLevel((level) => usage.wafMillions[level] * 1000),
    "thousand requests",
  ),
];

export const networkPricers: Readonly<Record<string, Pricer>> = {
  "aws:ec2/vpc:Vpc": network,
  "aws:ec2/natGateway:NatGateway": natGateway,
  "aws:ec2/eip:Eip": address,
  "aws:ec2/vpcEndpoint:VpcEndpoint": endpoint,
  "aws:lb/loadBalancer:LoadBalancer": loadBalancer,
  "aws:wafv2/webAcl:WebAcl": webAcl,
  "aws:route53/zone:Zone": () => [monthly("route53.zone", always(1), "zone")],
};
