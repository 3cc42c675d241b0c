import type { Bill } from "../pricing/bill";
import type { Ttl } from "./lifetime";

/** Hours that a monthly price is of. */
const hoursOfMonth = 730;

/** What the whole life of a stack costs, US dollars; of one that never expires a month. */
export function costOfLife({ total }: Pick<Bill, "total">, ttl: Ttl): { readonly hours: number; readonly usd: number } {
  const hours = ttl === "never" ? hoursOfMonth : ttl / 60;
  return { hours, usd: (total.expected * hours) / hoursOfMonth };
}
