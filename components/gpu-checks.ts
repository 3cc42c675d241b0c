import { bootToReady, networkGbps } from "../catalog/gpu-boot";
import { baseWeightBytes } from "../catalog/gpu-memory";
import { baseModels, findBaseModel } from "../catalog/gpu-models";
import { planEngine } from "../catalog/gpu-tiers";
import { findInstanceType, gpuQuotaCodes, type InstanceTypeName, singleGpuTypes } from "../catalog/instance-types";
import { findCurve, sustainableRate } from "../catalog/node-curves";
import { servingModel } from "../catalog/serving-model";
import { defaultWorkload } from "../catalog/workload";
import { type GpuTier, gpuTiers } from "../contracts/archetypes";
import { contentRate } from "../contracts/demand-policy";
import { checkedEngine, policyKeys, type TierSettings } from "./gpu-settings";

/** What is wrong or doubtful about a tier's settings, with the reason. */
export interface Finding {
  /** `refuse` stops the program, `warn` is printed with the preview. */
  readonly level: "refuse" | "warn";
  /** Key under the tier, for example `warmPool.state`. */
  readonly path: string;
  readonly given: unknown;
  /** What is allowed and, behind a semicolon, why. */
  readonly allowed: string;
}

const refuse = (path: string, given: unknown, allowed: string): Finding => ({ level: "refuse", path, given, allowed });
const warn = (path: string, given: unknown, allowed: string): Finding => ({ level: "warn", path, given, allowed });
const when = (broken: boolean, finding: () => Finding): Finding[] => (broken ? [finding()] : []);

/** Seconds in which load balancer and metrics notice a node that has come into service: two health checks and three windows. */
const settleSeconds = (settings: TierSettings): number => 20 + 3 * settings.metricPeriod;

/** Highest share of GPU time that a policy can track: the metric ends at 100, and an alarm above it would never fire. */
const highestPercentTarget = 95;
const percentPolicies = ["gpuUtilization", "memoryPressure"] as const;
/** Policies whose metric follows load below the point at which a node is full. */
const loadPolicies: ReadonlySet<string> = new Set(["requestRate", "gpuUtilization"]);

/**
 * Finds what would keep a tier from scaling as meant: settings that pin the group, starve it, never wake it, or boot a model that
 * does not fit. Settings that only exceed a plain range are the schema's business.
 */
export function checkTier(settings: TierSettings): Finding[] {
  const types = checkInstanceTypes(settings);
  return [
    ...types,
    ...checkBounds(settings),
    ...checkPurchase(settings),
    ...(types.some(({ level }) => level === "refuse")
      ? []
      : [...checkEngine(settings), ...checkTimes(settings), ...checkTargets(settings)]),
    ...checkPolicies(settings),
    ...checkWarmPool(settings),
    ...checkSchedule(settings),
  ];
}

function checkInstanceTypes({ instanceTypes }: TierSettings): Finding[] {
  if (instanceTypes.length === 0) return [refuse("instanceTypes", instanceTypes, "at least one instance type")];
  return [
    ...instanceTypes.flatMap((name, index) => {
      const type = findInstanceType(name);
      const path = `instanceTypes.${index}`;
      if (type === undefined) return [refuse(path, name, `a known type with one GPU: ${singleGpuTypes.join(", ")}`)];
      if (type.gpu === undefined) return [refuse(path, name, `a type that has a GPU: ${singleGpuTypes.join(", ")}`)];
      return when(type.gpu.count > 1, () =>
        refuse(path, name, `a type with one GPU, since a node serves one: ${singleGpuTypes.join(", ")}`),
      );
    }),
    ...when(new Set(instanceTypes).size < instanceTypes.length, () =>
      refuse("instanceTypes", instanceTypes, "each type once"),
    ),
  ];
}

function checkBounds({ min, max, wakeFromZero, scheduled }: TierSettings): Finding[] {
  const lowest = Math.min(min, ...scheduled.map((action) => action.min ?? min));
  return [
    ...when(min > max, () => refuse("min", min, `at most max (${max})`)),
    ...when(min === max, () =>
      refuse("max", max, `above min (${min}); equal bounds pin the group and target tracking could never act`),
    ),
    ...when(lowest === 0 && !wakeFromZero, () =>
      refuse(
        "wakeFromZero",
        wakeFromZero,
        "true where the group may be at zero; nodes that do not run publish nothing, and missing data never scales",
      ),
    ),
  ];
}

function checkPurchase({ max, onDemandBase, onDemandPercentage, instanceTypes }: TierSettings): Finding[] {
  return [
    ...when(onDemandBase > max, () => refuse("onDemandBase", onDemandBase, `at most max (${max})`)),
    ...when(onDemandPercentage < 100 && instanceTypes.length === 1, () =>
      warn(
        "instanceTypes",
        instanceTypes,
        "two types or more with spot; one type is one pool per zone, and missing spot is not filled on demand",
      ),
    ),
  ];
}

function checkEngine(settings: TierSettings): Finding[] {
  const { engine, instanceTypes } = settings;
  if (findBaseModel(engine.model) === undefined || !Object.hasOwn(baseModels, engine.model)) {
    return [refuse("engine.model", engine.model, Object.keys(baseModels).join(", "))];
  }
  const { fits, problems } = planEngine(checkedEngine(settings), instanceTypes);
  return when(!fits, () =>
    refuse(
      "engine",
      `${engine.model} at ${engine.contextTokens} tokens`,
      `an engine that fits the smallest GPU of ${instanceTypes.join(", ")}; ${problems.join("; ")}`,
    ),
  );
}

/** The worst boot to ready of a tier in seconds, over its instance types, from the baked image. */
export function worstBootSeconds(settings: TierSettings): number {
  const weightBytes = baseWeightBytes(baseModels[checkedEngine(settings).model]);
  return Math.max(
    ...settings.instanceTypes.map(
      (type) => bootToReady({ preparation: "baked", weightBytes, networkGbps: networkGbps(type) }).worst,
    ),
  );
}

function checkTimes(settings: TierSettings): Finding[] {
  if (!Object.hasOwn(baseModels, settings.engine.model)) return [];
  const { warmupSeconds, readyTimeoutSeconds } = settings;
  const boot = worstBootSeconds(settings);
  const settle = settleSeconds(settings);
  return [
    ...when(readyTimeoutSeconds < boot, () =>
      refuse(
        "readyTimeoutSeconds",
        readyTimeoutSeconds,
        `at least the worst boot to ready (${boot} s); the hook would give every slow node up just before it answers`,
      ),
    ),
    ...when(warmupSeconds < settle, () =>
      refuse(
        "warmupSeconds",
        warmupSeconds,
        `at least ${settle} s, two health checks and three metric windows; the group would judge a node it has no data of`,
      ),
    ),
  ];
}

/** Fleets that a target is checked for. */
const checkedSizes = [1, 2, 4, 8, 16, 32] as const;

/**
 * Requests a minute and node that the weakest type of a tier carries within the objective, in a fleet of a size that consists of that
 * type; undefined where a type has no curve.
 */
export function weakestType(
  settings: TierSettings,
  nodes: number,
): { readonly type: string; readonly perMinute: number } | undefined {
  const engine = checkedEngine(settings);
  const each = settings.instanceTypes.map((type) => {
    const serving = servingModel(type as InstanceTypeName, engine, settings.instanceTypes);
    const curve = serving && findCurve(serving, defaultWorkload[settings.tier]);
    return curve && { type, perMinute: sustainableRate(curve, nodes) * 60 };
  });
  return each.reduce((weakest, one) =>
    one === undefined || weakest === undefined || one.perMinute < weakest.perMinute ? one : weakest,
  );
}

/**
 * Every node gets as many requests as any other, so a target that the weakest type cannot carry loses the objective as soon as spot
 * buys that type.
 */
function checkTargets(settings: TierSettings): Finding[] {
  const { demand, requestRate, max } = settings;
  if (!Object.hasOwn(baseModels, settings.engine.model)) return [];
  const targets = [
    ...(demand === undefined ? [] : [{ path: "demand.target", target: demand.target, spread: demand.spread }]),
    ...(requestRate === undefined ? [] : [{ path: "requestRate.target", target: requestRate.target, spread: 0 }]),
  ];
  return targets.flatMap(({ path, target, spread }) => {
    for (const nodes of checkedSizes.filter((size) => size <= Math.max(1, max))) {
      // One node alone is uneven whatever its target: only a policy that leaves room for chance is held to it.
      if (spread === 0 && nodes < 8) continue;
      const weakest = weakestType(settings, nodes);
      if (weakest === undefined) {
        return [
          warn(
            path,
            target,
            "a target that was measured; nobody has fitted this engine on these types (docs/simulator.md)",
          ),
        ];
      }
      const content = contentRate(target, spread, nodes);
      if (content <= weakest.perMinute * 1.02) continue;
      const carried = Math.floor(weakest.perMinute);
      return [
        refuse(
          path,
          target,
          `less; ${nodes} nodes would get ${Math.ceil(content - 1e-6)} requests a minute each, and ${weakest.type}, the weakest of ` +
            `${settings.instanceTypes.join(", ")}, keeps the objective up to ${carried}`,
        ),
      ];
    }
    return [];
  });
}

function checkPolicies(settings: TierSettings): Finding[] {
  const { demand } = settings;
  const declared = policyKeys.filter((key) => settings[key] !== undefined);
  const voters = declared.filter((key) => settings[key]?.scaleIn);
  return [
    ...percentPolicies.flatMap((key) => {
      const target = settings[key]?.target ?? 0;
      return when(target > highestPercentTarget, () =>
        refuse(
          `${key}.target`,
          target,
          `at most ${highestPercentTarget}; the metric ends at 100, so the group would never grow`,
        ),
      );
    }),
    ...when(declared.length === 0 && demand === undefined, () =>
      refuse(
        "demand.enabled",
        false,
        `at least one of demand, ${policyKeys.join(", ")}; without a policy the group would never change its size`,
      ),
    ),
    ...when(demand === undefined && declared.length > 0 && voters.length === 0, () =>
      refuse(
        `${declared[0]!}.scaleIn`,
        false,
        `true for at least one of ${declared.join(", ")}; no policy could agree to scale in`,
      ),
    ),
    ...when(demand === undefined && settings.requestRate?.scaleIn === true, () =>
      warn(
        "requestRate.scaleIn",
        true,
        "demand in its place; ELB reports nothing while nobody asks, and a policy without data cannot agree to scale in, so the " +
          "group keeps its evening size all night",
      ),
    ),
    ...when(demand === undefined && voters.length > 0 && !voters.some((key) => loadPolicies.has(key)), () =>
      warn(
        "demand",
        undefined,
        `demand, or a vote of ${[...loadPolicies].join(" or ")} on scaling in; queue and KV cache are near empty on a node that is not yet ` +
          "full, so the group would shrink under load, queue, grow, and begin again",
      ),
    ),
  ];
}

function checkWarmPool({ warmPool, onDemandPercentage, min, max, onDemandBase }: TierSettings): Finding[] {
  if (warmPool === undefined) return [];
  const spot = onDemandPercentage < 100 && onDemandBase < max;
  return [
    ...when(spot, () =>
      refuse(
        "warmPool",
        warmPool.state,
        `no warm pool with spot nodes (onDemandPercentage is ${onDemandPercentage}); a spot node cannot be kept stopped`,
      ),
    ),
    ...when(warmPool.maxPrepared !== undefined && warmPool.maxPrepared > max, () =>
      refuse("warmPool.maxPrepared", warmPool.maxPrepared, `at most max (${max})`),
    ),
    ...when(warmPool.minSize > max - min, () =>
      refuse("warmPool.minSize", warmPool.minSize, `at most max - min (${max - min})`),
    ),
    ...when(warmPool.maxPrepared === undefined, () =>
      warn(
        "warmPool.maxPrepared",
        undefined,
        `a number; without it the pool holds every node up to max (${max}) all the time`,
      ),
    ),
  ];
}

function checkSchedule({ scheduled, min, max }: TierSettings): Finding[] {
  return scheduled.flatMap((action, index) => {
    const path = `scheduled.${index}`;
    const low = action.min ?? min;
    const high = action.max ?? max;
    return [
      ...when(action.min === undefined && action.max === undefined, () =>
        refuse(path, action.name, "a min, a max or both"),
      ),
      ...when(low > high, () => refuse(`${path}.min`, low, `at most the max then in force (${high})`)),
      ...when(low === high, () => warn(path, action.name, `a min below the max (${high}); equal bounds pin the group`)),
      ...when(scheduled.findIndex(({ name }) => name === action.name) !== index, () =>
        refuse(`${path}.name`, action.name, "a name that no other scheduled action has"),
      ),
    ];
  });
}

/** vCPU of the G and VT family that the account was granted. */
export interface GpuQuotas {
  readonly onDemandVcpus: number;
  readonly spotVcpus: number;
}

/** vCPU that a tier needs at its maximum, if every node were of its largest type; fractions round in favour of on-demand. */
export function tierVcpus(settings: TierSettings): GpuQuotas {
  const { max, onDemandBase, onDemandPercentage, instanceTypes } = settings;
  const vcpus = Math.max(...instanceTypes.map((name) => findInstanceType(name)?.vcpus ?? 0));
  const base = Math.min(onDemandBase, max);
  const onDemand = base + Math.ceil(((max - base) * onDemandPercentage) / 100);
  return { onDemandVcpus: onDemand * vcpus, spotVcpus: (max - onDemand) * vcpus };
}

/**
 * Compares the quotas granted with what all tiers need at their maximum. A group above its quota retries in silence, so it is
 * refused here; without figures nothing can be compared, which is said once the tiers could need any.
 */
export function checkQuotas(tiers: readonly TierSettings[], quotas: GpuQuotas | undefined): Finding[] {
  const needs = tiers.map(tierVcpus);
  const sum = (key: keyof GpuQuotas) => needs.reduce((total, need) => total + need[key], 0);
  const all = sum("onDemandVcpus") + sum("spotVcpus");
  if (quotas === undefined) {
    return when(all > 0, () =>
      warn(
        "quotas",
        undefined,
        `onDemandVcpus and spotVcpus as granted; at their maxima the tiers need ${all} vCPU of the G family, the quotas are 0 in ` +
          "a new account, and a group above its quota retries in silence",
      ),
    );
  }
  return (["onDemandVcpus", "spotVcpus"] as const).flatMap((key) =>
    when(quotas[key] < sum(key), () => {
      const code = key === "onDemandVcpus" ? gpuQuotaCodes.onDemand : gpuQuotaCodes.spot;
      return refuse(
        `quotas.${key}`,
        quotas[key],
        `at least ${sum(key)}, what ${gpuTiersText(tiers)} need at max; ask for quota ${code} or lower max`,
      );
    }),
  );
}

function gpuTiersText(tiers: readonly TierSettings[]): string {
  const names: readonly GpuTier[] = gpuTiers.filter((tier) => tiers.some((settings) => settings.tier === tier));
  return names.join(" and ");
}
