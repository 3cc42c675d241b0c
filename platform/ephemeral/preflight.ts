import { findInstanceType } from "../../catalog/instance-types";
import { InputError } from "../../contracts/input-error";
import { type BilledResource, makeGraph, numberAt, textAt } from "../pricing/graph";
import type { QuotaReading } from "./cloud/cloud";
import { type QuotaCode, quotaFacts } from "./cloud/quotas";

/** What a stack asks of a quota. */
export interface Demand {
  readonly code: QuotaCode;
  readonly asks: number;
}

/** What a graph asks of the account's quotas, each at its largest. */
export function demandsOf(resources: readonly BilledResource[]): Demand[] {
  const graph = makeGraph(resources);
  const number = (type: string) => graph.ofType(type).length;
  const spot = graph.ofType("aws:ecs/service:Service").filter(usesSpot);
  const others = graph.ofType("aws:ecs/service:Service").filter((service) => !usesSpot(service));
  const vcpus = (services: readonly BilledResource[]) =>
    services.reduce((total, service) => total + numberAt(service, "desiredCount", 1) * taskVcpus(service), 0);
  const asked: Record<QuotaCode, number> = {
    "L-F678F1CE": number("aws:ec2/vpc:Vpc"),
    "L-0263D0A3": number("aws:ec2/eip:Eip"),
    "L-E79EC296": number("aws:ec2/securityGroup:SecurityGroup"),
    "L-53DA6B97": number("aws:lb/loadBalancer:LoadBalancer"),
    "L-7B6409FD": number("aws:rds/instance:Instance"),
    "L-DFE45DF3": graph
      .ofType("aws:elasticache/replicationGroup:ReplicationGroup")
      .reduce((total, group) => total + numberAt(group, "numCacheClusters", 1), 0),
    "L-FE177D64": number("aws:iam/role:Role"),
    "L-36FBB829": Math.ceil(vcpus(spot)),
    "L-3032A538": Math.ceil(vcpus(others)),
    ...gpuVcpus(),
  };
  return (Object.entries(asked) as [QuotaCode, number][])
    .filter(([, asks]) => asks > 0)
    .map(([code, asks]) => ({ code, asks }));

  function taskVcpus(service: BilledResource): number {
    const [definition] = graph.behind(service, "taskDefinition");
    return (definition === undefined ? 0 : numberAt(definition, "cpu", 0)) / 1024;
  }

  /** Groups of one node at least: what sleeps at zero asks nothing yet. */
  function gpuVcpus() {
    const total = { "L-3819A6DF": 0, "L-DB2E81BA": 0 };
    for (const group of graph.ofType("aws:autoscaling/group:Group")) {
      const type = textAt(group, "mixedInstancesPolicy.launchTemplate.overrides.0.instanceType");
      const each = type === undefined ? 0 : (findInstanceType(type)?.vcpus ?? 0);
      const onDemand = numberAt(
        group,
        "mixedInstancesPolicy.instancesDistribution.onDemandPercentageAboveBaseCapacity",
        100,
      );
      total[onDemand === 0 ? "L-3819A6DF" : "L-DB2E81BA"] += each * numberAt(group, "minSize", 0);
    }
    return total;
  }
}

const usesSpot = (service: BilledResource): boolean =>
  textAt(service, "capacityProviderStrategies.0.capacityProvider") === "FARGATE_SPOT";

/**
 * Holds what a stack asks against the account.
 * @param fresh False for a stack that is up already: what it uses is counted in, so only the whole is compared.
 * @throws InputError for the first quota that is too small, with its code to ask for more by.
 */
export function checkQuotas(
  demands: readonly Demand[],
  readings: ReadonlyMap<string, QuotaReading>,
  fresh: boolean,
): void {
  for (const { code, asks } of demands) {
    const reading = readings.get(code);
    if (reading === undefined) continue;
    const used = fresh ? (reading.used ?? 0) : 0;
    if (used + asks <= reading.value) continue;
    const { service, what } = quotaFacts[code];
    throw new InputError({
      path: `quota ${code}`,
      given: asks,
      allowed: `${Math.max(0, reading.value - used)} more ${what}: ${used} of ${reading.value} are in use`,
      where: `the account; aws service-quotas request-service-quota-increase --service-code ${service} --quota-code ${code} --desired-value ${used + asks}`,
    });
  }
}
