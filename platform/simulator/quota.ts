import type { Market } from "./instance";

/** vCPU of one account's quotas, shared by all of its groups: the G and VT family counts on-demand and spot apart. */
export class QuotaLedger {
  readonly #used = { onDemand: 0, spot: 0 };

  constructor(private readonly limit: { readonly onDemand: number; readonly spot: number }) {}

  /** Takes vCPU for a launch; false when the quota has no room for them. */
  take(market: Market, vcpus: number): boolean {
    if (this.#used[market] + vcpus > this.limit[market]) return false;
    this.#used[market] += vcpus;
    return true;
  }

  /** Gives back what a terminated instance held. */
  give(market: Market, vcpus: number): void {
    this.#used[market] -= vcpus;
  }

  used(market: Market): number {
    return this.#used[market];
  }
}
