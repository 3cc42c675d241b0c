import type { ResourceState } from "../plan/model";
import type { Bill } from "../pricing/bill";
import { makeGraph } from "../pricing/graph";
import type { Box, BoxGroup } from "./picture";

/** The part of the platform that a component belongs to, by what it holds; the first that fits. */
const groupsByType: readonly (readonly [BoxGroup, RegExp])[] = [
  ["gpu", /^aws:(autoscaling\/|imagebuilder\/)/],
  ["network", /^aws:(ec2\/vpc:|lb\/loadBalancer|wafv2\/)/],
  ["data", /^aws:(rds\/instance|elasticache\/|s3\/bucket:|sqs\/|sns\/)/],
  ["service", /^aws:ecs\//],
];

/** Components of the same make that are told as one box, from this many on. */
const foldedFrom = 3;

interface Part {
  readonly box: Box;
  /** What the component is made of; equal for components of the same make. */
  readonly make: string;
}

/** The outermost components of a stack as boxes; minor ones of the same make, such as keys, share one. */
export function boxesOf(resources: readonly ResourceState[], bill: Bill): Box[] {
  const parts = partsOf(resources, bill);
  const folded = new Map<string, Part[]>();
  for (const part of parts) {
    if (part.box.group === "operations") folded.set(part.make, [...(folded.get(part.make) ?? []), part]);
  }
  const shared = [...folded.values()].filter((same) => same.length >= foldedFrom);
  const newNames = new Map(shared.flatMap((same) => same.map(({ box }) => [box.name, nameOfMany(same)] as const)));
  const rename = (names: readonly string[], self: string): string[] =>
    [...new Set(names.map((name) => newNames.get(name) ?? name))].filter((name) => name !== self);
  const alone = parts
    .filter(({ box }) => !newNames.has(box.name))
    .map(({ box }) => ({ ...box, uses: rename(box.uses, box.name) }));
  const many = shared.map((same): Box => {
    const name = nameOfMany(same);
    return {
      name,
      resources: total(same, ({ resources: count }) => count),
      usd: total(same, ({ usd }) => usd),
      group: "operations",
      uses: rename(
        same.flatMap(({ box }) => box.uses),
        name,
      ),
    };
  });
  return [...alone, ...many];
}

const total = (parts: readonly Part[], of: (box: Box) => number): number =>
  parts.reduce((sum, { box }) => sum + of(box), 0);

function nameOfMany(parts: readonly Part[]): string {
  return `${parts.length} like ${parts[0]!.box.name}`;
}

function partsOf(resources: readonly ResourceState[], bill: Bill): Part[] {
  const graph = makeGraph(resources);
  const visible = resources.filter(({ type, custom }) => custom && !type.startsWith("pulumi:"));
  const owners = new Map(resources.map((resource) => [resource.urn, graph.component(resource)]));
  const costs = new Map(bill.components.map(({ component, usd }) => [component, usd.expected]));
  return [...new Set(visible.map(({ urn }) => owners.get(urn)!))].map((name) => {
    const own = visible.filter(({ urn }) => owners.get(urn) === name);
    const uses = new Set(own.flatMap(({ dependencies }) => dependencies.flatMap((urn) => owners.get(urn) ?? [])));
    const box: Box = {
      name,
      resources: own.length,
      usd: costs.get(name) ?? 0,
      group: groupsByType.find(([, pattern]) => own.some(({ type }) => pattern.test(type)))?.[0] ?? "operations",
      uses: [...uses].filter((used) => used !== name),
    };
    return { box, make: [...new Set(own.map(({ type }) => type))].sort().join(" ") };
  });
}
