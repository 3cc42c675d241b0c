import { Type } from "typebox";
import { Compile } from "typebox/compile";
import { InputError } from "../../contracts/input-error";
import type { PriceTable } from "./price-table";

const text = Type.String({ minLength: 1 });
const schema = Compile(
  Type.Object({
    region: text,
    prices: Type.Record(
      Type.String(),
      Type.Object({
        item: text,
        usd: Type.Number({ minimum: 0 }),
        unit: text,
        asOf: Type.String({ pattern: "^(unknown|\\d{4}(-\\d{2}(-\\d{2})?)?)$" }),
        confidence: Type.Union([Type.Literal("high"), Type.Literal("medium"), Type.Literal("low")]),
        source: text,
      }),
    ),
  }),
);

/**
 * Reads a table that `platform prices refresh` wrote.
 * @throws InputError naming the first thing that is wrong.
 */
export function readPriceTable(content: string, file: string): PriceTable {
  const given = parse(content);
  if (schema.Check(given)) return given as PriceTable;
  const [first] = schema.Errors(given);
  throw new InputError({
    path: "--prices",
    given: first === undefined ? given : `${first.instancePath || "the file"} ${first.message}`,
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
