import type { Plan, Step, StepOp } from "../plan/model";
import { isRootStack } from "../plan/states";

/** Most resources that a picture shows one by one; above it a component is one box. */
const mostNodes = 30;

const classes: Partial<Record<StepOp, "created" | "changed" | "replaced" | "deleted">> = {
  create: "created",
  update: "changed",
  replace: "replaced",
  import: "created",
  "import-replacement": "replaced",
  delete: "deleted",
};

const styles = [
  "classDef created fill:#dafbe1,stroke:#1a7f37,color:#1f2328",
  "classDef changed fill:#fff8c5,stroke:#9a6700,color:#1f2328",
  "classDef replaced fill:#ffeff7,stroke:#bf3989,color:#1f2328",
  "classDef deleted fill:#ffebe9,stroke:#d1242f,color:#1f2328",
];

/** A Mermaid flowchart of what changes and how it hangs together; undefined when nothing does. */
export function drawChanges({ steps }: Plan): string | undefined {
  const changed = steps.filter((step) => classes[step.op] !== undefined && isCustom(step));
  if (changed.length === 0) return undefined;
  const components = outermost(steps);
  const body = changed.length > mostNodes ? drawComponents(changed, components) : drawResources(changed, components);
  return ["flowchart LR", ...styles, ...body].map((line, index) => (index === 0 ? line : `  ${line}`)).join("\n");
}

const isCustom = ({ old, new: next }: Step): boolean => (next ?? old)?.custom === true;

/** The outermost component of each resource, by URN. */
function outermost(steps: readonly Step[]): (urn: string) => string | undefined {
  const states = new Map(
    steps.flatMap((step) => ((step.new ?? step.old) ? [[step.urn, (step.new ?? step.old)!] as const] : [])),
  );
  const climb = (urn: string): string | undefined => {
    const state = states.get(urn);
    if (state === undefined || isRootStack(state)) return undefined;
    return (state.parent === undefined ? undefined : climb(state.parent)) ?? (state.custom ? undefined : state.name);
  };
  return climb;
}

function drawResources(changed: readonly Step[], component: (urn: string) => string | undefined): string[] {
  const ids = new Map(changed.map(({ urn }, index) => [urn, `r${index}`]));
  const groups = groupBy(changed, ({ urn }) => component(urn) ?? "");
  const boxes = [...groups].flatMap(([name, members], index) => {
    const nodes = members.map(
      ({ urn, name: label, type, op }) =>
        `${ids.get(urn)}["${quoted(label)}<br/>${quoted(shortType(type))}"]:::${classes[op]}`,
    );
    return name === "" ? nodes : [`subgraph g${index}["${quoted(name)}"]`, ...nodes.map((node) => `  ${node}`), "end"];
  });
  const arrows = changed.flatMap(({ urn, new: next, old }) =>
    ((next ?? old)?.dependencies ?? []).flatMap((target) =>
      ids.has(target) ? [`${ids.get(urn)} --> ${ids.get(target)}`] : [],
    ),
  );
  return [...boxes, ...arrows];
}

function drawComponents(changed: readonly Step[], component: (urn: string) => string | undefined): string[] {
  const whole = groupBy(changed, ({ urn }) => component(urn) ?? "stack");
  const shown = mostTelling(whole);
  const others = `${whole.size - shown.size} more components`;
  const owner = (urn: string): string => {
    const name = component(urn) ?? "stack";
    return shown.has(name) || !whole.has(name) ? name : others;
  };
  const groups = groupBy(changed, ({ urn }) => owner(urn));
  const ids = new Map([...groups.keys()].map((name, index) => [name, `c${index}`]));
  const boxes = [...groups].map(([name, members]) => {
    const tally = Object.entries(Object.fromEntries(groupBy(members, ({ op }) => op))).map(
      ([op, of]) => `${of.length} ${op}`,
    );
    return `${ids.get(name)}["${quoted(name)}<br/>${tally.join(", ")}"]:::${worst(members)}`;
  });
  const arrows = new Set(
    changed.flatMap(({ urn, new: next, old }) =>
      ((next ?? old)?.dependencies ?? [])
        .map((target) => [owner(urn), owner(target)] as const)
        .filter(([from, to]) => from !== to && ids.has(to))
        .map(([from, to]) => `${ids.get(from)} --> ${ids.get(to)}`),
    ),
  );
  return [...boxes, ...arrows];
}

const severities = ["deleted", "replaced", "changed", "created"] as const;

/** The components that a picture has room for: what takes something away first, then those with most changes. */
function mostTelling(groups: ReadonlyMap<string, readonly Step[]>): ReadonlySet<string> {
  const rank = (members: readonly Step[]): number => severities.indexOf(worst(members));
  const sorted = [...groups].sort(([, a], [, b]) => rank(a) - rank(b) || b.length - a.length);
  return new Set(sorted.slice(0, groups.size > mostNodes ? mostNodes - 1 : mostNodes).map(([name]) => name));
}

function worst(members: readonly Step[]): (typeof severities)[number] {
  const found = new Set(members.map(({ op }) => classes[op]));
  return severities.find((name) => found.has(name))!;
}

function groupBy<T>(items: readonly T[], key: (item: T) => string): Map<string, T[]> {
  const groups = new Map<string, T[]>();
  for (const item of items) groups.set(key(item), [...(groups.get(key(item)) ?? []), item]);
  return groups;
}

const shortType = (type: string): string => type.replace(/^([^:]+):([^/:]+).*:([^:]+)$/, "$1.$2.$3");
const quoted = (text: string): string => text.replace(/"/g, "#quot;").replace(/[<>]/g, " ");
