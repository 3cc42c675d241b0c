import { hoursPerMonth, type Price } from "../../catalog/prices";
import { type Level, type Levels, levels } from "../../catalog/usage";
import type { PriceTable } from "./price-table";

/** A quantity of a month at each level, with how it came about. */
export interface Quantity {
  readonly amount: Levels;
  /** The arithmetic at the expected level, for `--explain`: `2 nodes x 730 h`. */
  readonly how: string;
}

/** One thing that a resource is billed for. */
export interface Charge {
  /** Key of the price table. */
  readonly price: string;
  /** Key of a price that is an upper bound, for where the table lacks the first: on demand for a spot market. */
  readonly atMost?: string;
  readonly quantity: Quantity;
}

/** A charge with its price: dollars of a month at each level. */
export interface PricedCharge {
  readonly price: Price;
  readonly quantity: Quantity;
  readonly usd: Levels;
  /** The price that the table lacks, where `price` is an upper bound of it. */
  readonly boundFor?: string;
}

/** What a resource costs: charges, nothing, or a reason why it cannot be said. */
export type Pricing = readonly Charge[] | "free" | { readonly unpriced: string };

/** The same amount at every level. */
export function always(amount: number): Levels {
  return { minimum: amount, expected: amount, maximum: amount };
}

/** Combines amounts level by level. */
export function perLevel(combine: (level: Level) => number): Levels {
  return { minimum: combine("minimum"), expected: combine("expected"), maximum: combine("maximum") };
}

export function sum(amounts: readonly Levels[]): Levels {
  return perLevel((level) => amounts.reduce((total, amount) => total + amount[level], 0));
}

/** Units that run through the whole month: amount x hours. */
export function hourly(price: string, units: Levels, what: string): Charge {
  return {
    price,
    quantity: {
      amount: perLevel((level) => units[level] * hoursPerMonth),
      how: `${format(units.expected)} ${what} x ${hoursPerMonth} h`,
    },
  };
}

/** Units that are billed by the month or by use. */
export function monthly(price: string, units: Levels, what: string): Charge {
  return { price, quantity: { amount: units, how: `${format(units.expected)} ${what}` } };
}

/** Looks the charge up in a price table, or else its upper bound; undefined when it has neither. */
export function priced({ price: id, atMost, quantity }: Charge, { prices }: PriceTable): PricedCharge | undefined {
  const known = (key: string | undefined) =>
    key !== undefined && Object.hasOwn(prices, key) ? prices[key] : undefined;
  const own = known(id);
  const price = own ?? known(atMost);
  if (price === undefined) return undefined;
  const bound = own === undefined ? { boundFor: id } : {};
  return { price, quantity, usd: perLevel((level) => quantity.amount[level] * price.usd), ...bound };
}

/** The charge with an upper bound for its price. */
export const atMost = (charge: Charge, price: string): Charge => ({ ...charge, atMost: price });

/** A number as a person writes it: no more than four digits after the point. */
export function format(value: number): string {
  return String(Math.round(value * 10_000) / 10_000);
}

export { type Level, type Levels, levels };
