import { Option } from "commander";
import { InputError } from "../../contracts/input-error";
import { decimalNumber } from "../../runtime/command-line";

/** `--stack`, `--cwd` and `--timeout`, which every command that evaluates the program has. */
export const evaluationOptions = (): Option[] => [
  new Option("-s, --stack <name>", "stack to evaluate; PULUMI_STACK when left out"),
  new Option("-C, --cwd <folder>", "folder of the Pulumi project, or one below it").default(".", "the current folder"),
  new Option("--timeout <seconds>", "how long the program may run before it is stopped")
    .default(60)
    .argParser(decimalNumber("--timeout", 0.1, 86_400, "seconds")),
];

export const colorOption = (): Option =>
  new Option("--color <when>", "colours in the output").choices(["auto", "always", "never"]).default("auto");

/** Colour on a terminal unless NO_COLOR says otherwise. */
export function wantsColor(when: string, stream: NodeJS.WriteStream, environment = process.env): boolean {
  if (when !== "auto") return when === "always";
  return stream.isTTY === true && !environment.NO_COLOR && environment.TERM !== "dumb";
}

/**
 * Collects a comma-separated option that may be given several times.
 * @param option Its name, such as `--only`.
 * @param what What it lists, for the message: none named is not the same as the option left out.
 */
export function list(option: string, what: string): (text: string, before?: readonly string[]) => string[] {
  return (text, before = []) => {
    const words = text
      .split(",")
      .map((word) => word.trim())
      .filter((word) => word !== "");
    if (words.length > 0) return [...before, ...words];
    throw new InputError({
      path: option.replace(/^--/, ""),
      given: text,
      allowed: `${what}, between commas`,
      where: option,
    });
  };
}
