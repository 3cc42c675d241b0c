import { type Levels, type UsageKey, usageAssumptions } from "../../catalog/usage";
import { InputError } from "../../contracts/input-error";
import type { BillSource } from "./bill";
import { always } from "./line";

export type Usage = Readonly<Record<UsageKey, Levels>>;

/**
 * The usage assumptions of a stack: the catalogue's, and over them what its config says under `usage`, a number for every level
 * or a map of levels. The program validates the config; the check here is for graphs that come from elsewhere.
 * @throws InputError for a key that is not an assumption or a value that is no amount.
 */
export function usageOf({ config, project, stack }: Omit<BillSource, "resources">): Usage {
  const text = config?.[`${project}:usage`];
  const given = text === undefined ? {} : (JSON.parse(text) as Record<string, unknown>);
  const where = `Pulumi.${stack}.yaml, key ${project}:usage`;
  const overrides = Object.entries(given).map(([key, value]) => [key, levelsOf(key, value, where)]);
  return { ...usageAssumptions, ...Object.fromEntries(overrides) };
}

function levelsOf(key: string, value: unknown, where: string): Levels {
  if (!Object.hasOwn(usageAssumptions, key)) {
    throw new InputError({
      path: `usage.${key}`,
      given: value,
      allowed: `one of the keys ${Object.keys(usageAssumptions).join(", ")}`,
      where,
    });
  }
  const chosen =
    typeof value === "number" ? always(value) : { ...usageAssumptions[key as UsageKey], ...(value as object) };
  const wrong = Object.entries(chosen).find(
    ([level, amount]) =>
      ["minimum", "expected", "maximum"].includes(level) && !(typeof amount === "number" && amount >= 0),
  );
  if (wrong !== undefined) {
    throw new InputError({
      path: `usage.${key}.${wrong[0]}`,
      given: wrong[1],
      allowed: "a number of at least 0",
      where,
    });
  }
  return chosen;
}
