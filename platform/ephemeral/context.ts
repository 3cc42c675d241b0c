import { readFileSync } from "node:fs";
import { hostname } from "node:os";
import { setTimeout as sleep } from "node:timers/promises";
import type { Backend } from "./backend/backend";
import type { Cloud } from "./cloud/cloud";

/** The world that the commands act on; tests give another one. */
export interface Context {
  readonly backend: Backend;
  readonly cloud: Cloud;
  readonly now: () => Date;
  /** Progress for a person. */
  readonly say: (line: string) => void;
  readonly host: string;
  /** Whether a process of this machine is a Pulumi CLI that still runs. */
  readonly alive: (pid: number) => boolean;
  readonly pause: (ms: number) => Promise<unknown>;
}

/** The context of this machine. */
export const thisMachine = (): Pick<Context, "now" | "host" | "alive" | "pause"> => ({
  now: () => new Date(),
  host: hostname(),
  alive: isPulumi,
  pause: (ms) => sleep(ms),
});

/** A number that another program has meanwhile, or a zombie's, is no CLI. */
function isPulumi(pid: number): boolean {
  try {
    process.kill(pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
  try {
    return readFileSync(`/proc/${pid}/cmdline`, "utf8").includes("pulumi");
  } catch {
    // No /proc, as on macOS: the number alone has to do.
    return process.platform !== "linux";
  }
}
