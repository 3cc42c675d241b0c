import type { Command } from "commander";
import { awsProducts } from "../../pricing/refresh/aws";
import { refreshPrices } from "../../pricing/refresh/refresh";
import { writeText } from "../files";
import { withProgress } from "../progress";

interface RefreshFlags {
  readonly region: string;
  readonly out: string;
  readonly json?: boolean;
}

const examples = `
Needs credentials of an AWS account that may call pricing:GetProducts. What the price list has no single answer for is listed and
stays unpriced.

Examples:
  platform prices refresh --region eu-west-1 --out prices.eu-west-1.json
  platform cost --stack prod --prices prices.eu-west-1.json
`;

/** `platform prices refresh`: the price table of another region. */
export function registerPrices(program: Command): void {
  program
    .command("prices")
    .description("The price table.")
    .command("refresh")
    .description("Reads the prices of a region from AWS's price list and writes a table for --prices.")
    .requiredOption("--region <region>", "region of the prices")
    .requiredOption("--out <file>", "where the table is written")
    .option("--json", "print what was found as JSON")
    .addHelpText("after", examples)
    .action(refresh);
}

async function refresh({ region, out, json }: RefreshFlags): Promise<void> {
  const { table, missing } = await withProgress(`reading the prices of ${region}`, async () =>
    refreshPrices(region, await awsProducts()),
  );
  writeText(out, "--out", `${JSON.stringify(table, undefined, 2)}\n`);
  const found = Object.keys(table.prices).length;
  if (json) console.log(JSON.stringify({ file: out, found, missing }));
  else {
    console.log(`${out}: ${found} prices of ${region}; without a price there: ${missing.length}`);
    for (const { id, reason } of missing) console.log(`    ${id}: ${reason}`);
  }
}
