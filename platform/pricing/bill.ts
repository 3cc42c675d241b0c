import { isProviderType, packageOf, type Urn } from "../engine";
import { capacityNotes, computePricers } from "./compute";
import { dataPricers } from "./data";
import { freeTypes } from "./free-types";
import { type BilledResource, makeGraph } from "./graph";
import { type Levels, type PricedCharge, priced, sum } from "./line";
import { networkPricers } from "./network";
import { catalogPrices, type PriceTable, priceDates } from "./price-table";
import type { Pricer, PricingContext } from "./pricer";
import { usageOf } from "./usage";

const pricers: Readonly<Record<string, Pricer>> = { ...networkPricers, ...computePricers, ...dataPricers };

/** What one resource costs a month. */
export interface BillItem {
  readonly urn: Urn;
  readonly type: string;
  readonly name: string;
  /** The outermost component that it belongs to. */
  readonly component: string;
  readonly charges: readonly PricedCharge[];
  readonly usd: Levels;
}

/** A resource, or one charge of it, that the bill does not hold. */
export interface Unpriced {
  readonly urn: Urn;
  readonly name: string;
  readonly type: string;
  readonly reason: string;
}

/** A month's bill; what could not be priced is listed and never counted as zero. */
export interface Bill {
  readonly stack: string;
  readonly items: readonly BillItem[];
  /** By component, dearest first. */
  readonly components: readonly { readonly component: string; readonly usd: Levels }[];
  readonly total: Levels;
  readonly unpriced: readonly Unpriced[];
  /** The region and days of the prices. */
  readonly prices: { readonly region: string; readonly dates: string };
  /** What a reader must know before trusting it. */
  readonly notes: readonly string[];
}

export interface BillOptions extends Pick<PricingContext, "gpuNodes"> {
  /** @default the table of this repository */
  readonly prices?: PriceTable;
}

/** A stack to price: an evaluation, or the same read from elsewhere. */
export interface BillSource {
  readonly project: string;
  readonly stack: string;
  /** `namespace:key` to its text; usage assumptions are read from it. */
  readonly config?: Readonly<Record<string, string>>;
  readonly resources: readonly BilledResource[];
}

/** Prices an evaluated graph: 730 hours, prices of one region and day, usage as assumed or set in the stack's config. */
export function makeBill(source: BillSource, { prices = catalogPrices, gpuNodes }: BillOptions = {}): Bill {
  const graph = makeGraph(source.resources);
  const context: PricingContext = { graph, usage: usageOf(source), ...(gpuNodes && { gpuNodes }) };
  const items: BillItem[] = [];
  const unpriced: Unpriced[] = [];
  for (const resource of source.resources.filter(isBillable)) {
    const about = { urn: resource.urn, type: resource.type, name: resource.name };
    const { charges, problems } = charge(resource, context, prices);
    unpriced.push(...problems.map((reason) => ({ ...about, reason })));
    if (charges.length > 0) {
      items.push({ ...about, component: graph.component(resource), charges, usd: sum(charges.map(({ usd }) => usd)) });
    }
  }
  return {
    stack: source.stack,
    items,
    components: byComponent(items),
    total: sum(items.map(({ usd }) => usd)),
    unpriced,
    prices: { region: prices.region, dates: priceDates(prices) },
    notes: [...regionNote(source, prices), ...boundNotes(items), ...capacityNotes(source.resources, gpuNodes)],
  };
}

/** Prices that an upper bound stands for. */
function boundNotes(items: readonly BillItem[]): string[] {
  const bounds = new Map(
    items.flatMap(({ charges }) =>
      charges.flatMap(({ boundFor, price }) => (boundFor === undefined ? [] : [[boundFor, price.item] as const])),
    ),
  );
  return [...bounds]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([id, item]) => `The price table has no ${id}: ${item} stands for it, which is the most that it costs.`);
}

function regionNote({ config }: BillSource, { region }: PriceTable): string[] {
  const own = config?.["aws:region"];
  if (own === undefined || own === region) return [];
  return [
    `The stack is in ${own}, the prices are of ${region}: platform prices refresh --region ${own} --out FILE makes a table for --prices FILE.`,
  ];
}

function isBillable({ type, custom, external }: BilledResource): boolean {
  return custom && !external && packageOf(type) === "aws" && !isProviderType(type) && !freeTypes.has(type);
}

function charge(resource: BilledResource, context: PricingContext, prices: PriceTable) {
  const pricer = pricers[resource.type];
  if (pricer === undefined) return { charges: [], problems: ["no price is known for this type"] };
  const pricing = pricer(resource, context);
  if (pricing === "free") return { charges: [], problems: [] };
  if ("unpriced" in pricing) return { charges: [], problems: [pricing.unpriced] };
  const needed = pricing.filter(({ quantity }) => quantity.amount.maximum > 0);
  const charges = needed.flatMap((one) => priced(one, prices) ?? []);
  const problems = needed
    .filter((one) => priced(one, prices) === undefined)
    .map(({ price, quantity }) => `the price table has no ${price} for ${quantity.how}`);
  return { charges, problems };
}

function byComponent(items: readonly BillItem[]): Bill["components"] {
  const groups = new Map<string, Levels[]>();
  for (const { component, usd } of items) groups.set(component, [...(groups.get(component) ?? []), usd]);
  return [...groups]
    .map(([component, amounts]) => ({ component, usd: sum(amounts) }))
    .sort((a, b) => b.usd.expected - a.usd.expected);
}
