import { at, containsAll, isTrue, items, text } from "./reading";
import type { Condition, Inputs, RuleAdditions } from "./rule";

const instance = at("ec2/ec2_instance.go");
const loadBalancer = at("elbv2/load_balancer.go");

/** The processor of an instance type by its family's letters; undefined for families that the letters do not tell. */
function architecture(instanceType: string): "arm64" | "x86_64" | undefined {
  const family = instanceType.split(".")[0]!;
  if (family === "" || family.startsWith("mac")) return undefined;
  return family === "a1" || /^[a-z]+\d+[a-z]*g/.test(family) ? "arm64" : "x86_64";
}

function changesProcessor(old: Inputs, next: Inputs): boolean | "not known" {
  const [was, is] = [architecture(text(old, "instanceType")), architecture(text(next, "instanceType"))];
  return was === undefined || is === undefined ? "not known" : was !== is;
}

const kind = (inputs: Inputs): string => text(inputs, "loadBalancerType") || "application";
const ofNetwork = (when: (old: Inputs, next: Inputs) => boolean) => (old: Inputs, next: Inputs) =>
  kind(next) === "network" && when(old, next);
const noneOrSome = (key: string) => (old: Inputs, next: Inputs) =>
  (items(old, key).length === 0) !== (items(next, key).length === 0);

/** Mappings are never changed: an application's may be added and removed, a network's only added. */
function changesMappings(old: Inputs, next: Inputs): boolean {
  const [was, is] = [items(old, "subnetMappings"), items(next, "subnetMappings")];
  if (kind(next) === "gateway") return false;
  if (is.length > was.length) return !containsAll(is, was);
  if (is.length < was.length) return kind(next) === "network" || !containsAll(was, is);
  return true;
}

const loadBalancerAdditions: RuleAdditions = {
  conditions: [
    { path: "securityGroups", when: ofNetwork(noneOrSome("securityGroups")), source: loadBalancer },
    {
      path: "subnets",
      when: ofNetwork((old, next) => items(next, "subnets").length <= items(old, "subnets").length),
      source: loadBalancer,
    },
    { path: "subnetMappings", when: changesMappings, source: loadBalancer },
    {
      path: "secondaryIpsAutoAssignedPerSubnet",
      when: ofNetwork((old, next) => {
        const key = "secondaryIpsAutoAssignedPerSubnet";
        return Number(text(next, key)) < Number(text(old, key));
      }),
      source: loadBalancer,
    },
  ],
};

const userData = (path: string): Condition => ({
  path,
  when: (_, next) => isTrue(next, "userDataReplaceOnChange"),
  source: instance,
});

/** What the schemas of EC2, ECS, load balancing and Lambda do not say. */
export const computeAdditions: Readonly<Record<string, RuleAdditions>> = {
  "aws:ec2/instance:Instance": {
    conditions: [
      userData("userData"),
      userData("userDataBase64"),
      { path: "enablePrimaryIpv6", when: (old) => isTrue(old, "enablePrimaryIpv6"), source: instance },
      { path: "instanceType", when: changesProcessor, source: instance },
      {
        path: "ipv6Addresses",
        when: (old, next) => text(old, "ipv6AddressCount") === text(next, "ipv6AddressCount"),
        source: instance,
      },
    ],
  },
  "aws:ec2/launchTemplate:LaunchTemplate": { changedByUpdate: { latestVersion: ["version"], defaultVersion: [] } },
  "aws:ecs/service:Service": {
    refusals: [
      {
        reason: (old, next) => {
          const key = "capacityProviderStrategies";
          const [was, is] = [items(old, key), items(next, key)];
          if ((containsAll(was, is) && containsAll(is, was)) || isTrue(next, "forceNewDeployment")) return undefined;
          return `${key} changes and forceNewDeployment is not true: the provider refuses that when it plans`;
        },
        source: at("ecs/service.go"),
      },
    ],
  },
  "aws:lb/loadBalancer:LoadBalancer": loadBalancerAdditions,
  "aws:alb/loadBalancer:LoadBalancer": loadBalancerAdditions,
  "aws:lambda/function:Function": {
    conditions: [
      { path: "durableConfig", when: noneOrSome("durableConfig"), source: at("lambda/function.go") },
      // The archive of the code: Pulumi's own name for `filename`, which is updated in place.
      { path: "code", when: () => false, source: at("lambda/function.go") },
    ],
  },
};
