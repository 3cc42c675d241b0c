import { aiRouter } from "./ai-router";
import { capabilityRegistry } from "./capability-registry";
import type { ServiceContract } from "./define";
import { knowledgeBase } from "./knowledge-base";

/** Every contract, by the name of its service. */
export const contracts = {
  "ai-router": aiRouter,
  "capability-registry": capabilityRegistry,
  "knowledge-base": knowledgeBase,
} as const satisfies Readonly<Record<string, ServiceContract>>;

/** Every contract, in the order of names. */
export const allContracts: readonly ServiceContract[] = Object.values(contracts).sort((a, b) =>
  a.name < b.name ? -1 : 1,
);
