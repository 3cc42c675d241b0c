import { at, list, parsed } from "../../../policies/rule";
import type { PriceQuery } from "./queries";

/** A price as the list has it: dollars of the first tier that costs something, and the day it holds from. */
export interface ListedPrice {
  readonly usd: number;
  readonly asOf: string;
  readonly description: string;
}

/**
 * The price among the products that a query found, or why there is none.
 * @param products JSON texts, as the price list API gives them.
 */
export function priceAmong(products: readonly string[], { usage, times = 1 }: PriceQuery): ListedPrice | string {
  const found = products
    .map(parsed)
    .filter((product) => usage === undefined || usage.test(String(at(product, "product.attributes.usagetype") ?? "")))
    .flatMap(listedPrices);
  const amounts = new Set(found.map(({ usd }) => usd));
  if (found.length === 0) return "the price list has no such product";
  if (amounts.size > 1) return `the price list has ${amounts.size} prices for it: ${[...amounts].join(", ")}`;
  const [one] = found;
  return { ...one!, usd: Number((one!.usd * times).toPrecision(12)) };
}

function listedPrices(product: unknown): ListedPrice[] {
  return Object.values((at(product, "terms.OnDemand") ?? {}) as object).flatMap((term) => {
    const tiers = Object.values((at(term, "priceDimensions") ?? {}) as object)
      .map((tier) => ({
        from: Number(at(tier, "beginRange") ?? 0),
        usd: Number(list(at(tier, "pricePerUnit.USD"))[0]),
        description: String(at(tier, "description") ?? ""),
      }))
      .filter(({ usd }) => usd > 0)
      .sort((a, b) => a.from - b.from);
    const [first] = tiers;
    if (first === undefined) return [];
    const asOf = String(at(term, "effectiveDate") ?? "").slice(0, 10);
    return [{ usd: first.usd, asOf: asOf === "" ? "unknown" : asOf, description: first.description }];
  });
}
