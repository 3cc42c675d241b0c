import { type Archetype, adapterNamesOf, type Registry } from "../../contracts/archetypes";
import type { Chain } from "../../contracts/chains";
import { unknownModel } from "../../runtime/openai/errors";

/** What a request's `model` stands for. */
export type ModelTarget =
  | { readonly kind: "base"; readonly lane: string }
  | { readonly kind: "adapter"; readonly lane: string; readonly adapter: string }
  /** The base model in place of an archetype's adapter. */
  | {
      readonly kind: "fallback";
      readonly lane: string;
      readonly adapter: string;
      readonly reason: string;
      /** Whose words the base model is to find. */
      readonly archetype: Archetype | undefined;
    }
  | { readonly kind: "chain"; readonly lane: string; readonly archetype: Archetype; readonly chain: Chain };

/** What is served, as name resolution needs it. */
export interface ServedModels {
  readonly baseModel: string;
  readonly hasAdapter: (name: string) => boolean;
  /** Why an adapter cannot be had now; undefined while it can. */
  readonly unavailable: (name: string) => string | undefined;
  /** Archetypes and chains as they are now: a new manifest may bring others. */
  readonly registry: () => Registry;
}

/** Lane of requests that name no archetype. */
export const baseLane = "base";

/** All lanes: one per archetype, and one for the rest. */
export function lanesOf({ archetypes }: Registry): string[] {
  return [...archetypes.keys(), baseLane];
}

/**
 * Finds what a model name asks for: the base model, `archetype/task`, an adapter of the manifest, or
 * `archetype/chain/NAME`. An archetype without its adapter falls back to the base model.
 * @throws RequestError 404 for a name that nothing here answers to
 */
export function resolveModel(name: string, served: ServedModels): ModelTarget {
  if (name === served.baseModel || name === "base") return { kind: "base", lane: baseLane };
  const { archetypes, chains } = served.registry();
  const [first = "", second = "", third] = name.split("/");
  const archetype = archetypes.get(first);
  const lane = archetype === undefined ? baseLane : first;
  if (second === "chain" && third !== undefined && archetype !== undefined) {
    const chain = chains.get(third);
    if (chain) return { kind: "chain", lane, archetype, chain };
  }
  const known = third === undefined && archetype?.adapters.tasks.includes(second);
  if (!known && !served.hasAdapter(name)) {
    throw unknownModel(name);
  }
  const reason = served.unavailable(name);
  return reason === undefined
    ? { kind: "adapter", lane, adapter: name }
    : { kind: "fallback", lane, adapter: name, reason, archetype };
}

/** The adapter that an archetype has for a task. */
export function adapterName(archetype: string, task: string): string {
  return `${archetype}/${task}`;
}

/** Every name that a client may ask for, sorted: base model, archetypes' adapters, further adapters, chains. */
export function listModels(served: ServedModels, manifestNames: readonly string[], created: number) {
  const registry = served.registry();
  const card = (id: string, extra: Readonly<Record<string, unknown>>) => ({
    id,
    object: "model",
    created,
    owned_by: "game-ai-platform",
    ...extra,
  });
  const adapters = [...new Set<string>([...adapterNamesOf(registry), ...manifestNames])].sort();
  return {
    object: "list",
    data: [
      card(served.baseModel, { parent: null }),
      ...adapters.map((name) =>
        card(name, {
          parent: served.baseModel,
          fallback: served.unavailable(name) === undefined ? null : served.baseModel,
        }),
      ),
      ...[...registry.archetypes.keys()].flatMap((archetype) =>
        [...registry.chains.keys()]
          .sort()
          .map((chain) => card(`${archetype}/chain/${chain}`, { parent: served.baseModel })),
      ),
    ],
  };
}
