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
      throw error.exitCode === 0 ? error : new InputError(problemOf(command, error, args));
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
 * A reader of an option's text for commander: a whole number in plain decimal digits.
 * @param option Its name, such as `--port`.
 * @param least Included, as `most` is.
 */
export const wholeNumber = (option: string, least: number, most?: number) =>
  reader(option, /^\d+$/, "a whole number", least, most);

/**
 * The same for a number that may have a decimal point.
 * @param what What it counts, for the message. @default "a number"
 */
export const decimalNumber = (option: string, least: number, most?: number, what = "a number") =>
  reader(option, /^\d+(\.\d+)?$/, what, least, most);

function reader(option: string, form: RegExp, what: string, least: number, most = Number.MAX_SAFE_INTEGER) {
  return (text: string): number => {
    const value = Number(text);
    if (form.test(text) && value >= least && value <= most) return value;
    const range = most === Number.MAX_SAFE_INTEGER ? `of at least ${least}` : `from ${least} to ${most}`;
    throw new InputError({
      path: option.replace(/^--/, ""),
      given: text,
      allowed: `${what} ${range}`,
      where: option,
    });
  };
}

function withSubcommands(command: Command): Command[] {
  return [command, ...command.commands.flatMap(withSubcommands)];
}

/** Commander's refusal in the form of every other one. */
function problemOf(command: Command, { code, message }: CommanderError, args: readonly string[]): InputProblem {
  const { parent } = command;
  if (code === "commander.excessArguments" && parent !== null && !args.includes(command.name())) {
    // The command runs where none is named, and the word was meant for one.
    const unknown = new CommanderError(1, "commander.unknownCommand", `unknown command '${command.args[0]}'`);
    return problemOf(parent, unknown, args);
  }
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
    "commander.invalidArgument": invalidArgument(message),
  };
  const problem = problems[code] ?? { path: "command line", given: command.args.join(" "), allowed: message };
  return { ...problem, where: `the command line; see ${name} --help` };
}

/** `option '--color <when>' argument 'x' is invalid. ...`, or `command-argument value 'x' is invalid for argument 'tier'. ...`. */
function invalidArgument(message: string): Omit<InputProblem, "where"> {
  const [, flags, ofOption] = /option '(.*?)' argument '(.*)' is invalid\./s.exec(message) ?? [];
  const [, ofArgument, name] = /value '(.*)' is invalid for argument '(.*?)'\./s.exec(message) ?? [];
  return {
    path: flags === undefined ? `<${name}>` : optionOf(flags),
    given: ofOption ?? ofArgument,
    allowed: /Allowed choices are (.*)\.$/s.exec(message)?.[1] ?? message,
  };
}

/** The program's name and the command's below it, as a person types them. */
function fullName(command: Command): string {
  return command.parent === null ? command.name() : `${fullName(command.parent)} ${command.name()}`;
}

/** `-s, --stack <name>` is --stack. */
function optionOf(flags = ""): string {
  return /--[\w-]+/.exec(flags)?.[0] ?? flags;
}
