import { Command, CommanderError } from "commander";
import { exitCodes, runMain } from "../../runtime/main";
import { EvaluationError } from "../engine/errors";
import { commands } from "./commands";

/** The program with the command that is asked for, or with all of them for help and for a name that none has. */
function buildProgram(asked: string | undefined): Command {
  const program = new Command("platform")
    .description("Previews, reviews, prices and runs the platform without a cloud.")
    .configureOutput({ outputError: (text, write) => write(oneLine(text)) })
    .exitOverride();
  const known = asked !== undefined && Object.hasOwn(commands, asked) ? [commands[asked]!] : Object.values(commands);
  for (const load of known) load()(program);
  return program;
}

/** Commander's `error: ...` in the form of every other message of this command. */
function oneLine(text: string): string {
  const words = text
    .trim()
    .replace(/^error: /, "")
    .replaceAll(/\s*\n\s*/g, " ");
  return `platform: ${words}; see platform --help\n`;
}

runMain("platform", async () => {
  try {
    await buildProgram(process.argv[2]).parseAsync();
    return Number(process.exitCode ?? exitCodes.fine);
  } catch (error) {
    if (EvaluationError.isInstance(error)) {
      process.stderr.write(`platform: ${error.message}\n`);
      return exitCodes.wrongUse;
    }
    if (!(error instanceof CommanderError)) throw error;
    return error.exitCode === 0 ? exitCodes.fine : exitCodes.wrongUse;
  }
});
