import { Command } from "commander";
import { runCommandLine } from "../../runtime/command-line";
import { exitCodes, runMain } from "../../runtime/main";
import { EvaluationError } from "../engine/errors";
import { commands } from "./commands";

/** The program with the command that is asked for, or with all of them for help and for a name that none has. */
function buildProgram(asked: string | undefined): Command {
  const program = new Command("platform").description(
    "Previews, reviews, prices and runs the platform without a cloud.",
  );
  const known = asked !== undefined && Object.hasOwn(commands, asked) ? [commands[asked]!] : Object.values(commands);
  for (const load of known) load()(program);
  return program;
}

runMain("platform", async () => {
  try {
    await runCommandLine(buildProgram(process.argv[2]));
    return Number(process.exitCode ?? exitCodes.fine);
  } catch (error) {
    if (!EvaluationError.isInstance(error)) throw error;
    process.stderr.write(`platform: ${error.message}\n`);
    return exitCodes.wrongUse;
  }
});
