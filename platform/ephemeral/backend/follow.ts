import { spawn } from "node:child_process";
import { closeSync, openSync, readSync } from "node:fs";
import { dirname } from "node:path";
import { StringDecoder } from "node:string_decoder";
import { makeFolder } from "../../../runtime/make-folder";

/** How a program ended, and what it wrote. */
export interface Ended {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

interface FollowOptions {
  readonly cwd: string;
  readonly env: NodeJS.ProcessEnv;
  /** Called with text as it comes. */
  readonly onText?: (text: string) => void;
}

/** Runs a program to its end and keeps what it writes. */
export function collect(file: string, args: readonly string[], { cwd, env }: FollowOptions): Promise<Ended> {
  const child = spawn(file, args, { cwd, env, stdio: ["ignore", "pipe", "pipe"] });
  const [out, err] = [[] as Buffer[], [] as Buffer[]];
  child.stdout.on("data", (data: Buffer) => out.push(data));
  child.stderr.on("data", (data: Buffer) => err.push(data));
  return new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (code, signal) =>
      resolve({
        code: code ?? -1,
        stdout: Buffer.concat(out).toString("utf8"),
        stderr: `${Buffer.concat(err).toString("utf8")}${signal === null ? "" : `ended by ${signal}`}`,
      }),
    );
  });
}

/** How often the log of a running program is read. */
const readEveryMs = 100;

/**
 * Runs a program that must be let end by itself: in a process group of its own, which a Ctrl-C of this terminal does not reach, and
 * writing to a file, so that it goes on when this process is killed. The first SIGINT or SIGTERM here is passed on as one SIGINT,
 * at which Pulumi finishes what it has begun and keeps the state; a second one is passed on too, at which it stops at once.
 */
export async function follow(
  file: string,
  args: readonly string[],
  log: string,
  { cwd, env, onText = () => undefined }: FollowOptions,
): Promise<Ended> {
  makeFolder(dirname(log));
  const writing = openSync(log, "w", 0o600);
  const reading = openSync(log, "r");
  const child = spawn(file, args, { cwd, env, detached: true, stdio: ["ignore", writing, writing] });
  closeSync(writing);
  const pass = (): void => {
    child.kill("SIGINT");
  };
  process.on("SIGINT", pass).on("SIGTERM", pass);
  let [text, position] = ["", 0];
  const [decoder, buffer] = [new StringDecoder("utf8"), Buffer.alloc(64 * 1024)];
  const read = (): void => {
    for (;;) {
      const got = readSync(reading, buffer, 0, buffer.length, position);
      if (got === 0) return;
      position += got;
      const piece = decoder.write(buffer.subarray(0, got));
      text += piece;
      onText(piece);
    }
  };
  const timer = setInterval(read, readEveryMs);
  try {
    const code = await new Promise<number>((resolve, reject) => {
      child.once("error", reject);
      child.once("exit", (status) => resolve(status ?? -1));
    });
    read();
    return { code, stdout: text, stderr: text };
  } finally {
    clearInterval(timer);
    process.off("SIGINT", pass).off("SIGTERM", pass);
    closeSync(reading);
  }
}
