import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";
import { freePort } from "../../free-port";
import { guardGroup, releaseGroup } from "../../reaper";
import { Cluster, lastLine, type ServerAddress } from "./cluster";

/** A PostgreSQL server that runs as a child of this process, and ends with it however that ends. */
export interface LocalServer {
  readonly address: ServerAddress;
  readonly pid: number;
  /** Resolves when the server has ended, by itself or not. */
  readonly ended: Promise<void>;
  /** Ends it in order: open transactions are rolled back. */
  stop(): Promise<void>;
}

export interface LocalServerOptions {
  /** @default a free one */
  readonly port?: number;
  /** Whether what is committed outlives a power cut. @default true */
  readonly durable?: boolean;
}

/** Characters of its last messages that are kept, to say why it ended. */
const keptOutput = 4_000;

/**
 * Starts PostgreSQL on a folder, made where it is not there. Resolves when it takes connections.
 * @throws InputError or Error with one line; nothing is left running then
 */
export async function startServer(folder: string, options: LocalServerOptions = {}): Promise<LocalServer> {
  const cluster = await Cluster.prepare(folder);
  const port = options.port ?? (await freePort());
  const { command, env, identity } = cluster.server(port, options.durable ?? true);
  const [program, ...args] = command;
  const child = spawn(program!, args, {
    env,
    ...identity,
    cwd: "/",
    detached: true,
    stdio: ["ignore", "ignore", "pipe"],
  });
  const said = keepOutput(child);
  const failed = new Promise<Error>((resolve) => child.once("error", resolve));
  const ended = Promise.race([once(child, "close"), failed]).then(() => {
    if (child.pid !== undefined) releaseGroup(child.pid);
  });
  if (child.pid === undefined) throw new Error(`PostgreSQL could not be run: ${(await failed).message}`);
  const { pid } = child;
  guardGroup(pid, "INT");
  let running = true;
  void ended.then(() => {
    running = false;
  });
  while (running && !cluster.isReady(pid)) await sleep(20);
  if (!running) throw new Error(`PostgreSQL did not start: ${lastLine(said()) ?? "it wrote no reason"}`);
  return {
    address: cluster.address(port),
    pid,
    ended,
    async stop() {
      child.kill("SIGINT");
      await ended;
    },
  };
}

function keepOutput({ stderr }: ChildProcess): () => string {
  let output = "";
  stderr!.setEncoding("utf8").on("data", (chunk: string) => {
    output = (output + chunk).slice(-keptOutput);
  });
  return () => output;
}
