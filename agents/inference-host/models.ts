import { type AdapterTask, adapterNames, archetypes } from "../../contracts/archetypes";
import { unknownModel } from "../../runtime/openai/errors";
import type { Chain } from "./chains/registry";

/** What a request's `model` stands for. */
export type ModelTarget =
  | { readonly kind: "base"; readonly lane: string }
  | { readonly kind: "adapter"; readonly lane: string; readonly adapter: string }
  /** The base model in place of an archetype's adapter. */
  | { readonly kind: "fallback"; readonly lane: string; readonly adapter: string; readonly reason: string }
  | { readonly kind: "chain"; readonly lane: string; readonly archetype: string; readonly chain: Chain };

/** What is served, as name resolution needs it. */
export interface ServedModels {
  readonly baseModel: string;
  readonly hasAdapter: (name: string) => boolean;
  /** Why an adapter cannot be had now; undefined while it can. */
  readonly unavailable: (name: string) => string | undefined;
  readonly chains: ReadonlyMap<string, Chain>;
}

/** Lane of requests that name no archetype. */
export const baseLane = "base";

/** All lanes: one per archetype, and one for the rest. */
export const lanes: readonly string[] = [...archetypes, baseLane];

/**
 * Finds what a model name asks for: the base model, `archetype/task`, an adapter of the manifest, or
 * `archetype/chain/NAME`. An archetype without its adapter falls back to the base model.
 * @throws RequestError 404 for a name that nothing here answers to
 */
export function resolveModel(name: string, served: ServedModels): ModelTarget {
  if (name === served.baseModel || name === "base") return { kind: "base", lane: baseLane };
  const [first = "", second, third] = name.split("/");
  const lane = archetypes.some((archetype) => archetype === first) ? first : baseLane;
  if (second === "chain" && third !== undefined && lane === first) {
    const chain = served.chains.get(third);
    if (chain) return { kind: "chain", lane, archetype: first, chain };
  }
  const known = adapterNames.some((adapter) => adapter === name);
  if (!known && !served.hasAdapter(name)) {
    throw unknownModel(name);
  }
  const reason = served.unavailable(name);
  return reason === undefined
    ? { kind: "adapter", lane, adapter: name }
    : { kind: "fallback", lane, adapter: name, reason };
}

/** The adapter that a chain's step asks for. */
export function stepAdapter(archetype: string, task: AdapterTask): string {
  return `${archetype}/${task}`;
}

/** Every name that a client may ask for, sorted: base model, archetypes' adapters, further adapters, chains. */
export function listModels(served: ServedModels, manifestNames: readonly string[], created: number) {
  const card = (id: string, extra: Readonly<Record<string, unknown>>) => ({
    id,
    object: "model",
    created,
    owned_by: "game-ai-platform",
    ...extra,
  });
  const adapters = [...new Set<string>([...adapterNames, ...manifestNames])].sort();
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
      ...archetypes.flatMap((archetype) =>
        [...served.chains.keys()]
          .sort()
          .map((chain) => card(`${archetype}/chain/${chain}`, { parent: served.baseModel })),
      ),
    ],
  };
}
