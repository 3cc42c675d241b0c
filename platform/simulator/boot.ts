import { type BootPhase, bootPhases, networkGbps, type Preparation } from "../../catalog/gpu-boot";
import { baseWeightBytes } from "../../catalog/gpu-memory";
import { type BaseModelName, baseModels } from "../../catalog/gpu-models";
import type { Random } from "./random";

/** Seconds from launch until the group and until players may use a node. */
export interface BootTime {
  /** Until the launch hook is completed and the node is in service. */
  readonly inService: number;
  /** Until the load balancer sends requests. */
  readonly ready: number;
}

/** The phases of a node's boot as triangular distributions, ready to be drawn from. */
export class BootModel {
  readonly #phases: Readonly<Record<Preparation, readonly BootPhase[]>>;

  constructor(
    instanceType: string,
    model: BaseModelName,
    private readonly scale: number,
  ) {
    const weightBytes = baseWeightBytes(baseModels[model]);
    const phases = (preparation: Preparation) =>
      bootPhases({ preparation, weightBytes, networkGbps: networkGbps(instanceType) });
    this.#phases = {
      stock: phases("stock"),
      baked: phases("baked"),
      "warm-pool-stopped": phases("warm-pool-stopped"),
      "warm-pool-running": phases("warm-pool-running"),
    };
  }

  /** Draws one boot. The last phase, the load balancer's health checks, runs after the node is in service. */
  draw(preparation: Preparation, random: Random): BootTime {
    const phases = this.#phases[preparation];
    let inService = 0;
    let ready = 0;
    phases.forEach(({ best, typical, worst }, index) => {
      const seconds = random.triangular(best, typical, worst) * this.scale;
      ready += seconds;
      if (index < phases.length - 1) inService += seconds;
    });
    return { inService, ready };
  }

  /** The boot that is to be expected: the sum of the typical times. */
  typicalSeconds(preparation: Preparation): number {
    return this.#phases[preparation].reduce((sum, { typical }) => sum + typical, 0) * this.scale;
  }
}
