import { InputError } from "../contracts/input-error";
import { hideWarnings } from "./warnings";

/** Exit codes of every program here: 0 fine, 1 findings or failure, 2 wrong use. */
export const exitCodes = { fine: 0, findings: 1, wrongUse: 2 } as const;

/** Ends the process soon, whatever a stopped program left behind: a child, a socket, a connection to a database that hangs. */
export function endAnyway(): void {
  setTimeout(() => process.exit(), 500).unref();
}

/**
 * Runs a program's main function; a failure that a person can cause ends in one line on standard error and exit code 2,
 * anything else in one line and exit code 1. The stack is shown only with `DEBUG=1`. Node ends a process that has nothing left to
 * wait for, with code 0 and without a word; where that comes before the main function's end it is a failure here.
 */
export async function runMain(program: string, main: () => Promise<number | undefined>): Promise<void> {
  hideWarnings();
  // A reader that has seen enough, such as head, closes the pipe: that is no failure.
  process.stdout.on("error", (error: NodeJS.ErrnoException) => {
    if (error.code !== "EPIPE") throw error;
    process.exit(exitCodes.fine);
  });
  const endedEarly = () => {
    process.stderr.write(
      `${program}: it had nothing left to wait for before its work was done, a fault of the program\n`,
    );
    process.exitCode = exitCodes.findings;
  };
  process.once("beforeExit", endedEarly);
  try {
    process.exitCode = (await main()) ?? exitCodes.fine;
  } catch (error) {
    const wrongUse = InputError.isInstance(error);
    const message = error instanceof Error ? error.message : String(error);
    process.stderr.write(`${program}: ${message}\n`);
    if (process.env.DEBUG && error instanceof Error) process.stderr.write(`${error.stack}\n`);
    process.exitCode = wrongUse ? exitCodes.wrongUse : exitCodes.findings;
  } finally {
    process.off("beforeExit", endedEarly);
  }
}
