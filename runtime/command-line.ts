import { type Command, CommanderError } from "commander";
import { InputError, type InputProblem } from "../contracts/input-error";

/**
 * Reads a command line and runs what it asks for; the one way of every program here.
 * @param args Without the program's own name. @default those of the process
 * @returns False where only help was asked for, which has been printed.
 * @throws InputError for a command line that the program does not know; nothing has been printed then.
 */
export async function runCommandLine(
  program: Command,
  args: readonly string[] = process.argv.slice(2),
): Promise<boolean> {
  for (const command of withSubcommands(program)) {
    command.configureOutput({ writeErr: () => undefined });
    command.exitOverride((error) => {
      throw error.exitCode === 0 ? error : new InputError(problemOf(command, error));
    });
  }
  try {
    await program.parseAsync(args, { from: "user" });
    return true;
  } catch (error) {
    if (error instanceof CommanderError) return false;
    throw error;
  }
}

/**
 * A reader of an option that is a whole number in plain decimal digits.
 * @param option Its name on the command line, such as `--port`.
 * @param least Included, as `most` is.
 * @returns What commander calls with the text. It throws InputError.
 */
export function wholeNumber(option: string, least: number, most: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (/^\d+$/.test(text) && value >= least && value <= most) return value;
    throw new InputError({
      path: option.replace(/^-+/, ""),
      given: text,
      allowed: `a whole number, ${least} to ${most}`,
      where: option,
    });
  };
}

function withSubcommands(command: Command): Command[] {
  return [command, ...command.commands.flatMap(withSubcommands)];
}

/** Commander's refusal in the form of every other one. */
function problemOf(command: Command, { code, message }: CommanderError): InputProblem {
  const name = fullName(command);
  const quoted = /'([^']*)'/.exec(message)?.[1];
  const names = command.commands.map((one) => one.name());
  const problems: Readonly<Record<string, Omit<InputProblem, "where">>> = {
    "commander.help": { path: "command", given: undefined, allowed: names.join(", ") },
    "commander.unknownCommand": { path: "command", given: quoted, allowed: names.join(", ") },
    "commander.unknownOption": {
      path: "unknown option",
      given: quoted,
      allowed: /Did you mean (.*)\?/.exec(message)?.[1] ?? `the options of ${name}`,
    },
    "commander.missingArgument": { path: `<${quoted}>`, given: undefined, allowed: "a value" },
    "commander.excessArguments": {
      path: "arguments",
      given: command.args.slice(command.registeredArguments.length).join(" "),
      allowed: names.join(", ") || `no more than ${name} takes`,
    },
    "commander.optionMissingArgument": { path: optionOf(quoted), given: undefined, allowed: "a value" },
    "commander.missingMandatoryOptionValue": { path: optionOf(quoted), given: undefined, allowed: "a value" },
    "commander.invalidArgument": {
      path: optionOf(quoted),
      given: /argument '(.*)' is invalid\./s.exec(message)?.[1],
      allowed: /is invalid\. (?:Allowed choices are )?(.*?)\.?$/s.exec(message)?.[1] ?? "another value",
    },
  };
  const problem = problems[code] ?? { path: "command line", given: command.args.join(" "), allowed: message };
  return { ...problem, where: `the command line; see ${name} --help` };
}

/** The program's name and the command's below it, as a person types them. */
function fullName(command: Command): string {
  return command.parent === null ? command.name() : `${fullName(command.parent)} ${command.name()}`;
}

/** `-s, --stack <name>` is --stack. */
function optionOf(flags = ""): string {
  return /--[\w-]+/.exec(flags)?.[0] ?? flags;
}
