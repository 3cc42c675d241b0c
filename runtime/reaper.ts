import { spawn } from "node:child_process";
import type { Writable } from "node:stream";

/**
 * A shell of a few hundred kilobytes that outlives this process by a moment: when the pipe from here closes, however this process
 * ended, it ends the process groups that were given to it and not taken back. The group's own signal first, SIGKILL after 8 seconds.
 */
const script = `
trap '' INT TERM HUP
groups=
while read -r sign group signal; do
  if [ "$sign" = + ]; then groups="$groups $group:$signal"; continue; fi
  kept=
  for each in $groups; do [ "\${each%:*}" = "$group" ] || kept="$kept $each"; done
  groups=$kept
done
[ -n "$groups" ] || exit 0
for each in $groups; do kill -s "\${each#*:}" -- "-\${each%:*}" 2>/dev/null; done
tries=80
while [ "$tries" -gt 0 ]; do
  alive=
  for each in $groups; do kill -s 0 -- "-\${each%:*}" 2>/dev/null && alive=1; done
  [ -n "$alive" ] || exit 0
  sleep 0.1
  tries=$((tries - 1))
done
for each in $groups; do kill -s KILL -- "-\${each%:*}" 2>/dev/null; done
`;

let pipe: Writable | undefined;

function reaper(): Writable {
  if (pipe !== undefined) return pipe;
  const child = spawn("/bin/sh", ["-c", script], { detached: true, stdio: ["pipe", "ignore", "ignore"] });
  child.unref();
  const { stdin } = child;
  // Its end is no end of ours; what is written later finds no reader and is dropped.
  child.on("error", () => undefined);
  stdin.on("error", () => undefined);
  (stdin as Writable & { unref?(): void }).unref?.();
  pipe = stdin;
  return stdin;
}

/**
 * Has the group end when this process does.
 * @param group Id of a process group that was started detached.
 * @param signal What it is asked to end with; SIGKILL follows after 8 seconds.
 */
export function guardGroup(group: number, signal: "TERM" | "INT" = "TERM"): void {
  reaper().write(`+ ${group} ${signal}\n`);
}

/** Takes a group back that has ended, so that its id may belong to somebody else. */
export function releaseGroup(group: number): void {
  reaper().write(`- ${group}\n`);
}
