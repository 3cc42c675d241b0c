import { readdirSync } from "node:fs";
import { InputError } from "../../contracts/input-error";

/**
 * The stack that a command works on: `--stack`, else `PULUMI_STACK`, else the only one that has a config file.
 * @throws InputError naming the stacks there are.
 */
export function chooseStack(projectDir: string, given: string | undefined, environment = process.env): string {
  const chosen = given ?? environment.PULUMI_STACK;
  const known = configuredStacks(projectDir);
  if (chosen !== undefined && chosen !== "") return chosen;
  if (known.length === 1) return known[0]!;
  throw new InputError({
    path: "stack",
    given: chosen,
    allowed: known.length === 0 ? "the name of a stack" : `${known.join(", ")}, or another stack of this project`,
    where: "--stack, or the environment variable PULUMI_STACK",
  });
}

/** Stacks with a config file of their own. */
function configuredStacks(projectDir: string): string[] {
  return readdirSync(projectDir)
    .map((file) => /^Pulumi\.(.+)\.ya?ml$/.exec(file)?.[1])
    .filter((stack) => stack !== undefined)
    .sort();
}
