import { z } from "zod";
import { InputError } from "../../contracts/input-error";
import type { PriceTable } from "./price-table";

const text = z.string().min(1);
const schema = z.looseObject({
  region: text,
  prices: z.record(
    z.string(),
    z.looseObject({
      item: text,
      usd: z.number().min(0),
      unit: text,
      asOf: z.string().regex(/^(unknown|\d{4}(-\d{2}(-\d{2})?)?)$/),
      confidence: z.enum(["high", "medium", "low"]),
      source: text,
    }),
  ),
});

/**
 * Reads a table that `platform prices refresh` wrote.
 * @throws InputError naming the first thing that is wrong.
 */
export function readPriceTable(content: string, file: string): PriceTable {
  const given = parse(content);
  const parsed = schema.safeParse(given);
  if (parsed.success) return given as PriceTable;
  const { path, message } = parsed.error.issues[0]!;
  throw new InputError({
    path: "--prices",
    given: `${path.length === 0 ? "the file" : `/${path.map(String).join("/")}`}: ${message}`,
    allowed: "a table that platform prices refresh wrote",
    where: file,
  });
}

function parse(content: string): unknown {
  try {
    return JSON.parse(content);
  } catch {
    return undefined;
  }
}
