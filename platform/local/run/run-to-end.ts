import { spawn } from "node:child_process";
import { text } from "node:stream/consumers";
import { describeEnd } from "../../../runtime/last-words";
import { guardGroup, releaseGroup } from "../../../runtime/reaper";
import type { ProcessSpec } from "../processes/managed-process";

/**
 * Runs a program to its end.
 * @returns What it wrote to standard output.
 * @throws Error with its name and the last line that it wrote where it fails.
 */
export async function runToEnd(
  { name, command, env, cwd }: ProcessSpec,
  stderr: "pipe" | "inherit" = "pipe",
): Promise<string> {
  const child = spawn(command[0]!, command.slice(1), { env, cwd, stdio: ["ignore", "pipe", stderr], detached: true });
  if (child.pid !== undefined) guardGroup(child.pid);
  const ended = new Promise<string>((resolve, reject) => {
    child.once("error", reject);
    child.once("exit", (code, signal) => resolve(signal ?? `code ${code}`));
  });
  const [end, output, errors] = await Promise.all([
    ended,
    text(child.stdout!),
    child.stderr === null ? "" : text(child.stderr),
  ]);
  if (child.pid !== undefined) releaseGroup(child.pid);
  if (end === "code 0") return output;
  throw new Error(describeEnd(name, end, `${output}\n${errors}`.split("\n")));
}
