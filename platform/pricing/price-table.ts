import { type Price, priceRegion, prices } from "../../catalog/prices";

/** Prices of one region. */
export interface PriceTable {
  readonly region: string;
  readonly prices: Readonly<Record<string, Price>>;
}

/** The table of this repository. */
export const catalogPrices: PriceTable = { region: priceRegion, prices };

/** The first and last day or year that prices of a table are of, in words. */
export function priceDates({ prices: table }: PriceTable): string {
  const dates = Object.values(table)
    .map(({ asOf }) => asOf)
    .filter((asOf) => asOf !== "unknown")
    .sort();
  const [first, last] = [dates[0], dates.at(-1)];
  if (first === undefined || last === undefined) return "a day that is not known";
  return first === last ? first : `${first} to ${last}`;
}
