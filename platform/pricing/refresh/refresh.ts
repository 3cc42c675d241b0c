import { type PriceId, prices } from "../../../catalog/prices";
import { InputError } from "../../../contracts/input-error";
import type { PriceTable } from "../price-table";
import { priceAmong } from "./products";
import { type PriceQuery, priceQueries } from "./queries";

/** A new table, and what could not be had for it. */
export interface Refreshed {
  readonly table: PriceTable;
  readonly missing: readonly { readonly id: string; readonly reason: string }[];
}

/** Gives the products of one query, all pages, as JSON texts. */
export type FetchProducts = (query: PriceQuery, region: string) => Promise<readonly string[]>;

/** Asks for every price of the table in another region. */
export async function refreshPrices(region: string, fetchProducts: FetchProducts): Promise<Refreshed> {
  const table: Record<string, PriceTable["prices"][string]> = {};
  const missing: { id: string; reason: string }[] = [];
  for (const id of Object.keys(prices) as PriceId[]) {
    const query = priceQueries[id];
    const found = query === undefined ? "it is not asked for" : priceAmong(await fetchProducts(query, region), query);
    if (typeof found === "string") missing.push({ id, reason: found });
    else {
      const { item, unit } = prices[id];
      const source = `AWS Price List API: ${found.description}`;
      table[id] = { item, usd: found.usd, unit, asOf: found.asOf, confidence: "high", source };
    }
  }
  if (Object.keys(table).length === 0) {
    const allowed = "a region that AWS's price list knows, such as eu-west-1";
    throw new InputError({ path: "--region", given: region, allowed, where: "the command line" });
  }
  return { table: { region, prices: table }, missing };
}
