import {
  childMaker,
  type Derivable,
  derive,
  expansionOf,
  omit,
  outputOf,
  referenceTo,
  resourcesIn,
} from "../../expansion";
import type { Expansion, ExpansionScope } from "../../plugin";
import type { PropertyMap, PropertyValue, RecordedResource } from "../../types";
import { refuseBoth } from "./arguments";
import { defaultVpc, vpcOfSubnet } from "./default-vpc";

type Listener = PropertyMap;
interface Protocol {
  readonly port: Derivable;
  readonly protocol: Derivable;
}

/** Arguments that the load balancer itself does not take. */
const ownArguments = [
  "subnetIds",
  "subnets",
  "defaultTargetGroup",
  "defaultTargetGroupPort",
  "defaultSecurityGroup",
  "listener",
  "listeners",
];

const all = { protocol: "-1", fromPort: 0, toPort: 0 };
const anywhere = { cidrBlocks: ["0.0.0.0/0"], ipv6CidrBlocks: ["::/0"] };

/** What awsx opens when it makes a security group by itself: everything in, TCP out. */
export const openRules: PropertyMap = {
  ingress: [{ ...all, ...anywhere }],
  egress: [{ ...all, protocol: "tcp", toPort: 65535, ...anywhere }],
};

/** Expands `awsx:lb:ApplicationLoadBalancer`. */
export async function expandApplicationLoadBalancer(scope: ExpansionScope): Promise<Expansion> {
  const { name, args } = scope;
  const make = childMaker(scope);
  const { vpcId, subnets } = await placement(scope);
  const { listener, listeners, defaultTargetGroup, defaultTargetGroupPort } = listenerArguments(args);
  const group = await securityGroup();
  const securityGroups = args.securityGroups ?? group.ids;
  const loadBalancer = await make(
    "aws:lb/loadBalancer:LoadBalancer",
    name,
    {
      ...omit(args, ownArguments),
      ...subnets,
      securityGroups,
      loadBalancerType: "application",
    },
    { aliases: formerly("LoadBalancer") },
  );
  const protocol = defaultProtocol();
  const targetGroup = await make(
    "aws:lb/targetGroup:TargetGroup",
    name,
    {
      vpcId,
      targetType: "ip",
      ...protocol,
      ...defaultTargetGroup,
    },
    { aliases: formerly("TargetGroup") },
  );
  const made = await makeListeners(scope, loadBalancer, targetGroup, listeners ?? [listener ?? {}], (one) =>
    listeners === undefined ? protocol : listenerProtocol(one),
  );
  return expansionOf({
    loadBalancer: referenceTo(loadBalancer),
    defaultTargetGroup: referenceTo(targetGroup),
    defaultSecurityGroup: group.made === undefined ? undefined : referenceTo(group.made),
    listeners: made.map(referenceTo),
    vpcId,
  });

  async function securityGroup(): Promise<{ readonly ids?: PropertyValue; readonly made?: RecordedResource }> {
    const given = (args.defaultSecurityGroup ?? {}) as PropertyMap;
    if (args.securityGroups !== undefined || given.skip === true) return {};
    if (given.args !== undefined && given.securityGroupId !== undefined) {
      throw new Error("defaultSecurityGroup: args and securityGroupId are given; only one is allowed");
    }
    if (given.securityGroupId !== undefined) return { ids: [given.securityGroupId] };
    const inputs = (given.args as PropertyMap | undefined) ?? { vpcId, ...openRules };
    const group = await make("aws:ec2/securityGroup:SecurityGroup", name, {
      description: "Managed by Pulumi",
      ...inputs,
    });
    return { ids: [outputOf(group, "id")], made: group };
  }

  /** One listener in a list of its own leaves the target group without port and protocol, as in the provider. */
  function defaultProtocol(): Protocol | undefined {
    if (listeners?.length === 1) return undefined;
    return listenerProtocol(listeners === undefined ? listener : listeners[0], defaultTargetGroupPort);
  }
}

/** Expands `awsx:lb:NetworkLoadBalancer`. */
export async function expandNetworkLoadBalancer(scope: ExpansionScope): Promise<Expansion> {
  const { name, args } = scope;
  const make = childMaker(scope);
  const { vpcId, subnets } = await placement(scope);
  const { listener, listeners, defaultTargetGroup, defaultTargetGroupPort } = listenerArguments(args);
  const loadBalancer = await make(
    "aws:lb/loadBalancer:LoadBalancer",
    name,
    {
      ...omit(args, ownArguments),
      ...subnets,
      loadBalancerType: "network",
      enableHttp2: false,
      idleTimeout: 0,
    },
    { aliases: formerly("LoadBalancer") },
  );
  const targetGroup = await make(
    "aws:lb/targetGroup:TargetGroup",
    name,
    {
      vpcId,
      protocol: "TCP",
      port: defaultTargetGroupPort ?? 80,
      ...defaultTargetGroup,
    },
    { aliases: formerly("TargetGroup") },
  );
  const made = await makeListeners(scope, loadBalancer, targetGroup, listeners ?? [listener ?? {}], () => ({
    protocol: "TCP",
    port: 80,
  }));
  return expansionOf({
    loadBalancer: referenceTo(loadBalancer),
    defaultTargetGroup: referenceTo(targetGroup),
    listeners: made.map(referenceTo),
    vpcId,
  });
}

/** The aliases that `@pulumi/aws` gives every resource of `aws.lb`, which has had two names. */
function formerly(className: string) {
  const file = className.charAt(0).toLowerCase() + className.slice(1);
  return [{ type: `aws:elasticloadbalancingv2/${file}:${className}` }];
}

/** Subnets are given as resources, by id or as mappings; otherwise the public ones of the default VPC are taken. */
async function placement(
  scope: ExpansionScope,
): Promise<{ readonly vpcId: PropertyValue; readonly subnets: Readonly<Record<string, Derivable>> }> {
  const { subnets, subnetIds, subnetMappings } = scope.args;
  const given = Object.entries({ subnets, subnetIds, subnetMappings }).filter(([, value]) => value !== undefined);
  if (given.length > 1) {
    throw new Error(`${given.map(([key]) => key).join(", ")}: ${given.length} are given; only one is allowed`);
  }
  if (subnets !== undefined) {
    const resources = resourcesIn(scope, subnets);
    const [first] = resources;
    return {
      vpcId: derive([subnets, first && outputOf(first, "vpcId")], (_all, vpcId: PropertyValue) => vpcId) ?? null,
      subnets: { subnets: derive([subnets], () => resources.map((subnet) => outputOf(subnet, "id"))) },
    };
  }
  if (subnetIds !== undefined) {
    const vpcId = await vpcOfSubnet(scope, subnetIds, (ids) => ids[0]!);
    return { vpcId, subnets: { subnets: subnetIds } };
  }
  if (subnetMappings !== undefined) {
    return { vpcId: await vpcOfSubnet(scope, subnetMappings, (mappings) => mappings[0]!.subnetId!), subnets: {} };
  }
  const { vpcId, publicSubnetIds } = await defaultVpc(scope);
  return { vpcId, subnets: { subnets: publicSubnetIds } };
}

function listenerArguments(args: PropertyMap) {
  const { listener, listeners, defaultTargetGroup, defaultTargetGroupPort } = args;
  refuseBoth({ listener, listeners });
  refuseBoth({ defaultTargetGroup, defaultTargetGroupPort });
  return {
    listener: listener as Listener | undefined,
    listeners: listeners as Listener[] | undefined,
    defaultTargetGroup: defaultTargetGroup as PropertyMap | undefined,
    defaultTargetGroupPort,
  };
}

async function makeListeners(
  scope: ExpansionScope,
  loadBalancer: RecordedResource,
  targetGroup: RecordedResource,
  listeners: readonly Listener[],
  protocol: (listener: Listener) => Protocol | undefined,
): Promise<RecordedResource[]> {
  const made: RecordedResource[] = [];
  for (const [index, listener] of listeners.entries()) {
    made.push(
      await childMaker(scope)(
        "aws:lb/listener:Listener",
        `${scope.name}-${index}`,
        {
          defaultActions: [{ type: "forward", targetGroupArn: outputOf(targetGroup, "arn") }],
          ...protocol(listener),
          ...listener,
          loadBalancerArn: outputOf(loadBalancer, "arn"),
        },
        { aliases: formerly("Listener") },
      ),
    );
  }
  return made;
}

/** Port and protocol follow from each other: 443 is HTTPS, everything else HTTP. */
function listenerProtocol(listener: Listener | undefined, defaultPort?: PropertyValue): Protocol {
  const { port, protocol } = listener ?? {};
  if (port) {
    return { port, protocol: protocol || derive([port], (number: number) => (number === 443 ? "HTTPS" : "HTTP")) };
  }
  if (protocol) return { protocol, port: derive([protocol], (word: string) => (word === "HTTPS" ? 443 : 80)) };
  return { port: defaultPort ?? 80, protocol: "HTTP" };
}
