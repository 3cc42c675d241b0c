import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { evaluate } from "../../../evaluate";
import type { ExpansionScope } from "../../../plugin";
import type { PropertyMap, PropertyValue, RecordedResource } from "../../../types";
import { flattenOutputValues, isObject, isUnknown, mapValues, unknownValue } from "../../../values";
import { plugins } from "../..";

/** One component with its arguments; `{ "$ref": "subnet.id" }` stands for a resource of the program, or its output. */
export interface Case {
  readonly type: string;
  readonly name: string;
  readonly args: PropertyMap;
}

/** A child as it is compared: `#3` is the fourth child of the component, `?` an unknown value. */
export interface Child {
  readonly resource: string;
  readonly inputs: PropertyValue;
  /** What each input depends on, where it does. */
  readonly inputDependencies: Readonly<Record<string, readonly string[]>>;
  readonly dependencies: readonly string[];
  readonly aliases: readonly string[];
}

export interface Expanded {
  readonly children: readonly Child[];
  readonly outputs: PropertyMap;
  readonly outputDependencies: Readonly<Record<string, readonly string[]>>;
}

const program = join(__dirname, "program");
const urnPrefix = "urn:pulumi:test::components::";

/**
 * Evaluates one program with all cases: through the SDK and the expanders, or with the provider's own classes when `source` is
 * the folder of their source. Answers by the name of the case; what the provider's classes refuse is in `refusals`.
 */
export async function expandAll(
  cases: readonly Case[],
  source?: string,
): Promise<{ expanded: Map<string, Expanded>; refusals: Readonly<Record<string, string>> }> {
  const folder = mkdtempSync(join(tmpdir(), "component-cases-"));
  const given = { COMPONENT_CASES: join(folder, "cases.json"), COMPONENT_REFUSALS: join(folder, "refusals.json") };
  Object.assign(process.env, given, source === undefined ? {} : { COMPONENT_SOURCE: source });
  const run = (of: readonly Case[]) => {
    writeFileSync(given.COMPONENT_CASES, JSON.stringify(of));
    return evaluate({ projectDir: program, stack: "test", timeoutMs: 600_000 });
  };
  try {
    if (source === undefined) return { expanded: collect(cases, (await run(cases)).resources), refusals: {} };
    const refusals: Record<string, string> = {};
    const accepted = () => cases.filter(({ name }) => refusals[name] === undefined);
    for (;;) {
      writeFileSync(given.COMPONENT_REFUSALS, "{}");
      try {
        return { expanded: collect(accepted(), (await run(accepted())).resources), refusals };
      } catch (error) {
        // A class that refuses leaves promises open, which ends the run; a name used twice is refused by the engine itself.
        const { message } = error as Error;
        const twice = cases.find(({ name }) => message.includes("Duplicate") && message.includes(`::${name}-`));
        const found = JSON.parse(readFileSync(given.COMPONENT_REFUSALS, "utf8"));
        Object.assign(refusals, twice === undefined ? found : { [twice.name]: message });
        if (twice === undefined && Object.keys(found).length === 0) throw error;
      }
    }
  } finally {
    for (const key of [...Object.keys(given), "COMPONENT_SOURCE"]) delete process.env[key];
    rmSync(folder, { recursive: true });
  }
}

/** Why the expander refuses a case, or nothing. */
export async function refusalOf(one: Case): Promise<string | undefined> {
  return childrenOf(one).then(
    () => undefined,
    (error: Error) => error.message,
  );
}

/** The children of one component from its expander alone, in the order in which it makes them. @throws Error when it refuses. */
export async function childrenOf({ type, name, args }: Case): Promise<readonly RecordedResource[]> {
  const [, expand] = plugins.flatMap(({ components }) => Object.entries(components ?? {})).find(([of]) => of === type)!;
  const known = new Map<string, RecordedResource>();
  const scope: ExpansionScope = {
    urn: `${urnPrefix}${type}::${name}`,
    name,
    inputs: args,
    args,
    dependencyVersion: () => undefined,
    resource: (urn) => known.get(urn),
    warn: () => {},
    register: async (child) => {
      const urn = `${child.parent ?? urnPrefix}$${child.type}::${child.name}`;
      if (known.has(urn)) throw new Error(`Duplicate resource URN '${urn}'`);
      const inputs = mapValues(child.inputs, flattenOutputValues);
      const record = {
        urn,
        type: child.type,
        name: child.name,
        inputs,
        outputs: inputs,
      } as unknown as RecordedResource;
      known.set(urn, record);
      return record;
    },
    invoke: async (token, given) => {
      const [, answer] = plugins.flatMap(({ invokes }) => Object.entries(invokes ?? {})).find(([of]) => of === token)!;
      return answer(given, { provider: { region: "eu-west-1" }, parameters: {}, unknown: () => unknownValue });
    },
  };
  await expand(scope);
  return [...known.values()];
}

function collect(cases: readonly Case[], resources: readonly RecordedResource[]): Map<string, Expanded> {
  const byParent = new Map<string, RecordedResource[]>();
  for (const resource of resources) {
    const siblings = byParent.get(resource.parent ?? "") ?? [];
    byParent.set(resource.parent ?? "", [...siblings, resource]);
  }
  const below = (urn: string): RecordedResource[] =>
    (byParent.get(urn) ?? []).flatMap((child) => [child, ...below(child.urn)]);
  return new Map(
    cases.map(({ type, name }) => {
      const component = resources.find((resource) => resource.type === type && resource.name === name)!;
      const probe = resources.find((resource) => resource.type === "test:index:Probe" && resource.name === name)!;
      return [name, describe(component.urn, below(component.urn), probe)];
    }),
  );
}

function describe(component: string, children: RecordedResource[], probe: RecordedResource): Expanded {
  const sorted = [...children].sort((a, b) => (a.urn < b.urn ? -1 : 1));
  const places = new Map(sorted.map(({ urn }, index) => [urn, `#${index}`]));
  const short = (urn: string): string => places.get(urn) ?? urn.replace(urnPrefix, "").replace(component, "component");
  const shortAll = (urns: readonly string[]): string[] =>
    // Through the SDK every output depends on the component too; within the provider it does not.
    [...new Set(urns.filter((urn) => urn !== component).map(short))].sort();
  const shortEach = (lists: Readonly<Record<string, readonly string[]>>) =>
    Object.fromEntries(
      Object.entries(lists)
        .sort(([a], [b]) => (a < b ? -1 : 1))
        .map(([key, urns]): [string, string[]] => [key, shortAll(urns)])
        .filter(([, urns]) => urns.length > 0),
    );
  const plain = (value: PropertyValue): PropertyValue => {
    if (isUnknown(value)) return "?";
    if (isObject(value) && typeof value.$urn === "string") return { resource: short(value.$urn) };
    if (Array.isArray(value)) return value.map(plain);
    if (!isObject(value)) return typeof value === "string" ? value.replaceAll(unknownValue, "?") : value;
    return Object.fromEntries(
      Object.entries(value)
        .sort(([a], [b]) => (a < b ? -1 : 1))
        .map(([key, item]) => [key, plain(item)]),
    );
  };
  return {
    children: sorted.map((child) => ({
      resource: `${child.parent === component ? "" : `${short(child.parent ?? "")} `}${child.type} ${child.name}`,
      inputs: plain(child.inputs),
      inputDependencies: shortEach(child.propertyDependencies),
      dependencies: shortAll(child.dependencies),
      aliases: (child.options.aliases ?? []).map((urn) => urn.replace(urnPrefix, "")).sort(),
    })),
    outputs: mapValues(probe.inputs, plain),
    outputDependencies: shortEach(probe.propertyDependencies),
  };
}
