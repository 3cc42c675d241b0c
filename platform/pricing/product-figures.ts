import { hoursPerMonth, type PriceId, prices } from "../../catalog/prices";
import { onDemandNodes } from "./compute";
import { dollars } from "./render";

/** A monthly figure of the product's own documents beside what this table makes of the same things. */
export interface ProductFigure {
  readonly of: string;
  /** Dollars a month as the documents have it. */
  readonly claimed: number;
  /** Dollars a month by this table. */
  readonly ours: number;
  /** How ours comes about. */
  readonly how: string;
  readonly verdict: string;
}

const month = (id: PriceId): number => prices[id].usd * hoursPerMonth;

const gold = month("ec2.g5.xlarge.on-demand");
const silver = month("ec2.g5.2xlarge.on-demand");
const onDemand = (golds: number, silvers: number): number => golds * gold + silvers * silver;

/** A fleet of which one node of each tier, and a percentage of the others, is on demand. */
function mixed(golds: number, silvers: number, percentage: number): number {
  const [goldOnDemand, silverOnDemand] = [onDemandNodes(golds, 1, percentage), onDemandNodes(silvers, 1, percentage)];
  return (
    onDemand(goldOnDemand, silverOnDemand) +
    (golds - goldOnDemand) * month("ec2.g5.xlarge.spot") +
    (silvers - silverOnDemand) * month("ec2.g5.2xlarge.spot")
  );
}

/** What the documents list beside GPUs: services, and the builder at 479 of a month's hours. */
const services = 90;
const builder = 479 * prices["ec2.c5.4xlarge.on-demand"].usd;

/** The product's figures for today, 1,000 and 10,000 players, recomputed. GPU nodes without their disks, as there. */
export const productFigures: readonly ProductFigure[] = [
  {
    of: "today, listed as four GPU nodes",
    claimed: 2_016,
    ours: onDemand(2, 2) + services + builder,
    how: "2 gold + 2 silver on demand + 90 services + 479 h of the builder",
    verdict: "does not hold: the listed parts alone come to $3,616; $2,016 pays one node of each tier",
  },
  {
    of: "today, as one node of each tier",
    claimed: 2_016,
    ours: onDemand(1, 1) + services + builder,
    how: "1 gold + 1 silver on demand + 90 services + 479 h of the builder",
    verdict: "holds within 1 %: the documents count 720 hours, this table 730",
  },
  {
    of: "1,000 players, GPU nodes of the sizing table",
    claimed: 8_000,
    ours: onDemand(10, 5),
    how: "10 gold + 5 silver on demand, nothing else",
    verdict: "does not hold on demand: $8,000 pays 10.9 gold nodes and no silver one",
  },
  {
    of: "1,000 players, nodes as prod declares them",
    claimed: 8_000,
    ours: mixed(10, 5, 30),
    how: "10 gold + 5 silver, one each and 30 % of the rest on demand, the others spot",
    verdict: "the nodes fit into $8,000 only as spot, and what stands around them comes on top",
  },
  {
    of: "1,000 players at 80 % cache hits",
    claimed: 6_300,
    ours: onDemand(10, 5) * 0.2,
    how: "a fifth of 10 gold + 5 silver on demand",
    verdict:
      "does not follow: $6,300 is half of $12,588, not a fifth, and a floor of nodes stays whatever the cache answers",
  },
  {
    of: "10,000 players, on demand",
    claimed: 80_000,
    ours: onDemand(50, 30),
    how: "50 gold + 30 silver on demand",
    verdict: "holds as a ceiling: the nodes are $63,262, which leaves $16,738 for the rest",
  },
  {
    of: "10,000 players, nodes as prod declares them",
    claimed: 47_500,
    ours: mixed(50, 30, 30),
    how: "50 gold + 30 silver, one each and 30 % of the rest on demand, the others spot",
    verdict: "holds with room for the rest, by another way than the documents' own",
  },
  {
    of: "10,000 players, the way the documents reach it",
    claimed: 47_500,
    ours: 175 * silver * 0.3 + 1_000,
    how: "175 g5.2xlarge on demand x 30 % + 1,000 for a cache",
    verdict:
      "the sum is right and the premise is not: it is for 10,000 characters, 175 nodes are more than the groups' 80, and spot was 57 % off, not 70 %",
  },
];

/** The figures as text. */
export function renderProductFigures(): string {
  return productFigures
    .map(({ of, claimed, ours, how, verdict }) =>
      [`${of}: ${dollars(claimed)} claimed, ${dollars(ours)} by this table`, `    ${how}`, `    ${verdict}`].join("\n"),
    )
    .join("\n");
}
