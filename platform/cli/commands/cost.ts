import { resolve } from "node:path";
import type { Command } from "commander";
import { type GpuCounts, gpusForPlayers, playerBands } from "../../../catalog/player-capacity";
import { wholeNumber } from "../../../runtime/command-line";
import { evaluate } from "../../engine";
import { makeBill } from "../../pricing/bill";
import { always } from "../../pricing/line";
import type { PriceTable } from "../../pricing/price-table";
import { productFigures, renderProductFigures } from "../../pricing/product-figures";
import { renderBill } from "../../pricing/render";
import { readText } from "../files";
import { evaluationOptions } from "../options";
import { withProgress } from "../progress";
import { findProject } from "../project";
import { chooseStack } from "../stack";

interface CostOptions {
  readonly stack?: string;
  readonly cwd: string;
  readonly timeout: number;
  readonly ccu?: number;
  readonly prices?: string;
  readonly figures?: boolean;
  readonly explain?: boolean;
  readonly json?: boolean;
}

export function registerCost(program: Command): void {
  const command = program
    .command("cost")
    .description("The monthly bill of a stack by component, at minimum, expected and maximum capacity.")
    .option(
      "--ccu <players>",
      "concurrent players; GPU nodes then follow the player table, not the groups' bounds",
      wholeNumber("--ccu", 0, playerBands.at(-1)!.players[1]),
    )
    .option("--prices <file>", "prices of another region, as platform prices refresh wrote them")
    .option("--figures", "the product's own monthly figures beside this price table; evaluates nothing")
    .option("--explain", "show the arithmetic of every charge")
    .option("--json", "the bill as JSON");
  for (const option of evaluationOptions()) command.addOption(option);
  command
    .addHelpText(
      "after",
      `
Examples:
  platform cost --stack prod             between its smallest and its largest
  platform cost --stack dev --explain    every charge of dev with its arithmetic
  platform cost --stack prod --ccu 1000  with the GPU nodes that 1,000 players need`,
    )
    .action(async (options: CostOptions) => {
      if (options.figures) {
        console.log(options.json ? JSON.stringify(productFigures, undefined, 2) : renderProductFigures());
        return;
      }
      const counts = options.ccu === undefined ? undefined : gpusForPlayers(options.ccu);
      const prices = options.prices === undefined ? undefined : pricesOf(options.prices);
      const projectDir = findProject(resolve(options.cwd));
      const stack = chooseStack(projectDir, options.stack);
      const evaluation = await withProgress(`evaluating ${stack}`, () =>
        evaluate({ projectDir, stack, timeoutMs: options.timeout * 1000 }),
      );
      const bill = makeBill(evaluation, {
        ...(counts && { gpuNodes: { gold: always(counts.gold), silver: always(counts.silver) } }),
        ...(prices && { prices }),
      });
      if (options.json) console.log(JSON.stringify({ ...bill, ...(counts && { players: counts }) }, undefined, 2));
      else
        console.log(
          [...(counts ? [playersLine(options.ccu!, counts)] : []), renderBill(bill, options.explain ?? false)].join(
            "\n",
          ),
        );
    });
}

/** The validation that it needs is loaded only with it. */
function pricesOf(file: string): PriceTable {
  const { readPriceTable } =
    require("../../pricing/read-price-table") as typeof import("../../pricing/read-price-table");
  return readPriceTable(readText(file, "--prices"), file);
}

function playersLine(ccu: number, { band, gold, silver }: GpuCounts): string {
  const [from, to] = band.players;
  return `${ccu} concurrent players: ${gold} gold and ${silver} silver nodes (row ${from} to ${to} of the player table, linear inside it)\n`;
}
