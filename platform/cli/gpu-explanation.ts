import { type BootPhase, bootPhases, bootToReady, networkGbps, type Preparation } from "../../catalog/gpu-boot";
import { baseWeightBytes, describeGpuMemory, type GpuMemoryPlan } from "../../catalog/gpu-memory";
import { type BaseModelName, baseModels } from "../../catalog/gpu-models";
import {
  type EngineSettings,
  planEngine,
  smallestGpuMemoryMiB,
  tierDefaults,
  tierEngine,
} from "../../catalog/gpu-tiers";
import { findInstanceType, singleGpuTypes } from "../../catalog/instance-types";
import { adapterDemand, type GpuTier, productRegistry, type Registry } from "../../contracts/archetypes";
import { InputError } from "../../contracts/input-error";

/** What a stack's config or the command line sets of a tier; the rest are the tier's defaults. */
export interface TierOverrides {
  readonly engine?: Partial<Omit<EngineSettings, "model">> & { readonly model?: string };
  readonly instanceTypes?: readonly string[];
  /** Archetypes whose adapters the nodes hold. @default the product's */
  readonly registry?: Registry;
}

/** A tier's memory and boot, as data. */
export interface TierExplanation {
  readonly tier: GpuTier;
  readonly instanceTypes: readonly string[];
  readonly gpuMemoryMiB: number;
  readonly engine: EngineSettings;
  readonly memory: GpuMemoryPlan;
  readonly boot: Readonly<Record<Exclude<Preparation, "stock">, readonly BootPhase[]>>;
}

const preparations = ["baked", "warm-pool-stopped", "warm-pool-running"] as const;

/**
 * Explains what a tier's nodes hold and how long they take to be ready.
 * @param where Where the settings come from, for messages.
 * @throws InputError for a model or an instance type that is not in the catalog
 */
export function explainTier(tier: GpuTier, overrides: TierOverrides, where: string): TierExplanation {
  const defaults = tierDefaults[tier];
  const instanceTypes = overrides.instanceTypes ?? defaults.instanceTypes;
  for (const name of instanceTypes) {
    if (findInstanceType(name)?.gpu?.count === 1) continue;
    throw new InputError({ path: "instanceTypes", given: name, allowed: singleGpuTypes.join(", "), where });
  }
  const model = overrides.engine?.model ?? defaults.engine.model;
  if (!Object.hasOwn(baseModels, model)) {
    throw new InputError({ path: "engine.model", given: model, allowed: Object.keys(baseModels).join(", "), where });
  }
  const engine: EngineSettings = {
    ...tierEngine(tier, adapterDemand(overrides.registry ?? productRegistry)),
    ...overrides.engine,
    model: model as BaseModelName,
  };
  const weightBytes = baseWeightBytes(baseModels[engine.model]);
  const network = Math.min(...instanceTypes.map(networkGbps));
  const boot = Object.fromEntries(
    preparations.map((preparation) => {
      const input = { preparation, weightBytes, networkGbps: network };
      return [preparation, [...bootPhases(input), bootToReady(input)]];
    }),
  ) as unknown as TierExplanation["boot"];
  return {
    tier,
    instanceTypes,
    gpuMemoryMiB: smallestGpuMemoryMiB(instanceTypes),
    engine,
    memory: planEngine(engine, instanceTypes),
    boot,
  };
}

/** The explanation as text. */
export function describeTier({ tier, instanceTypes, engine, memory, boot }: TierExplanation): string {
  const seconds = ({ best, typical, worst }: BootPhase) => (worst === 0 ? "-" : `${best} / ${typical} / ${worst}`);
  const rows = boot.baked.map(({ phase }, index) => [
    phase,
    ...preparations.map((name) => seconds(boot[name][index]!)),
  ]);
  const table = [["seconds: best / typical / worst", "baked", "warm pool, stopped", "warm pool, running"], ...rows];
  return [
    `${tier}: ${engine.model} on ${instanceTypes.join(" or ")}, ${engine.contextTokens} tokens of context, ` +
      `${engine.adapterCount} adapters of rank ${engine.adapterRank}`,
    "",
    describeGpuMemory(memory),
    "",
    ...columns(table),
    "",
  ].join("\n");
}

function columns(rows: readonly (readonly string[])[]): string[] {
  const widths = rows[0]!.map((_, column) => Math.max(...rows.map((row) => row[column]!.length)));
  return rows.map((row) =>
    row
      .map((cell, column) => cell.padEnd(widths[column]!))
      .join("  ")
      .trimEnd(),
  );
}
