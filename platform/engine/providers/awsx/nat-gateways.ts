import type { PropertyMap, PropertyValue } from "../../types";
import { isObject } from "../../values";
import type { PlannedSubnet } from "./subnet-layout";
import { isType } from "./subnet-specs";

export interface NatGatewayOptions {
  readonly strategy: "none" | "single" | "oneperaz";
  /** The addresses to use; none given means that each gateway makes its own. */
  readonly allocationIds: readonly PropertyValue[];
  /** Whether a public subnet of a zone gets a gateway when so many were made before it. */
  readonly needs: (made: number, zone: number) => boolean;
}

const strategies = {
  none: { shown: "None", addresses: () => 0, needs: () => false },
  single: { shown: "Single", addresses: () => 1, needs: (made: number) => made < 1 },
  oneperaz: {
    shown: "OnePerAz",
    addresses: (zones: number) => zones,
    needs: (made: number, zone: number) => made <= zone,
  },
} as const;

/** Reads `natGateways`; the strategy is read in any case. */
export function natGatewayOptions({ natGateways }: PropertyMap, zones: number): NatGatewayOptions {
  const given = isObject(natGateways) ? natGateways : {};
  const strategy = String(given.strategy ?? "OnePerAz").toLowerCase();
  if (!isStrategy(strategy)) {
    const allowed = Object.values(strategies).map(({ shown }) => shown);
    throw new Error(
      `natGateways.strategy: ${JSON.stringify(given.strategy)} is not allowed; allowed: ${allowed.join(", ")}`,
    );
  }
  const { shown, addresses, needs } = strategies[strategy];
  const allocationIds = Array.isArray(given.elasticIpAllocationIds) ? given.elasticIpAllocationIds : [];
  if (allocationIds.length !== 0 && allocationIds.length !== addresses(zones)) {
    throw new Error(
      `natGateways.elasticIpAllocationIds: ${allocationIds.length} given; ${shown} takes ${addresses(zones)}`,
    );
  }
  return { strategy, allocationIds, needs };
}

export function refuseNatWithoutSubnets(nat: NatGatewayOptions, subnets: readonly PlannedSubnet[]): void {
  const has = (type: string): boolean => subnets.some((subnet) => isType(subnet, type));
  if (nat.strategy === "none" || (has("Public") && (has("Private") || has("Isolated")))) return;
  throw new Error(noSubnetsForNat(nat));
}

export function noSubnetsForNat({ strategy }: NatGatewayOptions): string {
  return `natGateways.strategy: ${strategies[strategy].shown} needs public subnets, where the gateway stands, and private or isolated ones besides`;
}

function isStrategy(text: string): text is keyof typeof strategies {
  return Object.hasOwn(strategies, text);
}
