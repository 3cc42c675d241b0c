import type { BilledResource, Graph } from "./graph";
import type { Levels, Pricing } from "./line";
import type { Usage } from "./usage";

/** What a pricer may look at besides the resource. */
export interface PricingContext {
  readonly graph: Graph;
  readonly usage: Usage;
  /** Nodes of a GPU group in service at each level, by the tier's tag; from `--ccu`, else from the group's own bounds. */
  readonly gpuNodes?: Readonly<Record<string, Levels>>;
}

/** Tells what one resource of a type is billed for. */
export type Pricer = (resource: BilledResource, context: PricingContext) => Pricing;
