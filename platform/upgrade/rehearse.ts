import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { freePort } from "../../runtime/free-port";

// A rehearsal of a rolling deployment: while the programs of the last release run, the head's migrations do; then programs of both run on
// the head's schema. What expands a schema passes; what takes something away that the last release uses does not.

/** A release of a service: its image's folder, as `images/bundle.cjs` writes it. */
export interface Release {
  /** "last" or "head", for messages. */
  readonly name: string;
  readonly folder: string;
}

export interface Rehearsal {
  readonly last: Release;
  readonly head: Release;
  /** DB_HOST and the like of an empty database. */
  readonly database: Readonly<Record<string, string>>;
  /** What the service needs beside a database. */
  readonly settings?: Readonly<Record<string, string>>;
}

const apiKey = "key-of-the-rehearsal";

/** Runs the rehearsal of one service. @returns What went wrong, in words; empty when both releases can run side by side. */
export async function rehearse({ last, head, database, settings = {} }: Rehearsal): Promise<string[]> {
  const environment = (folder: string, port = 0): NodeJS.ProcessEnv => ({
    PATH: process.env.PATH,
    ...database,
    ...settings,
    API_KEY: apiKey,
    PORT: String(port),
    MIGRATIONS_DIR: join(folder, "migrations"),
    KIT_MIGRATIONS_DIR: join(folder, "kit-migrations"),
  });
  const problems: string[] = [];
  const migrate = ({ name, folder }: Release): boolean => {
    const { status, stderr } = spawnSync(process.execPath, [join(folder, "service.cjs"), "migrate"], {
      env: environment(folder),
      encoding: "utf8",
    });
    if (status !== 0) problems.push(`the migrations of the ${name} release do not run: ${lastLine(stderr)}`);
    return status === 0;
  };
  const programs: Program[] = [];
  const start = async ({ name, folder }: Release, on: string): Promise<Program | undefined> => {
    const port = await freePort();
    const program = new Program(`the ${name} release on ${on}`, folder, environment(folder, port), port);
    programs.push(program);
    const problem = await program.started();
    if (problem === undefined) return program;
    problems.push(problem);
    return undefined;
  };
  try {
    if (!migrate(last)) return problems;
    const running = await start(last, "its own schema");
    if (running === undefined || !migrate(head)) return problems;
    problems.push(...(await running.problems("after the head's migrations ran under it")));
    for (const release of [last, head]) {
      const program = await start(release, "the head's schema");
      if (program !== undefined) problems.push(...(await program.problems("")));
    }
    return problems;
  } finally {
    await Promise.all(programs.map((program) => program.stop()));
  }
}

class Program {
  private readonly child: ChildProcess;
  private log = "";

  constructor(
    private readonly name: string,
    folder: string,
    env: NodeJS.ProcessEnv,
    private readonly port: number,
  ) {
    this.child = spawn(process.execPath, [join(folder, "service.cjs"), "serve"], {
      env,
      stdio: ["ignore", "ignore", "pipe"],
    });
    this.child.stderr!.on("data", (data: Buffer) => {
      this.log += data.toString("utf8");
    });
  }

  /** Waits until it says that it is ready. @returns Why it ended instead. */
  async started(): Promise<string | undefined> {
    for (;;) {
      if (this.child.exitCode !== null || this.child.signalCode !== null) {
        return `${this.name} does not start: ${lastLine(this.log)}`;
      }
      if ((await this.status("/ready")) === 200) return undefined;
      await sleep(50);
    }
  }

  /** Asks every path of its API document that takes no parameter; a failure of the program is a problem, a refusal is none. */
  async problems(when: string): Promise<string[]> {
    const document = (await (await this.get("/openapi.json")).json()) as { paths?: Record<string, { get?: unknown }> };
    const paths = Object.entries(document.paths ?? {}).flatMap(([path, { get }]) =>
      get && !path.includes("{") ? [path] : [],
    );
    const found: string[] = [];
    for (const path of ["/ready", ...paths]) {
      const status = await this.status(path);
      if (status === undefined || status >= 500) {
        found.push(
          `${[this.name, when].filter((text) => text !== "").join(", ")}: GET ${path} answers ${status ?? "nothing"}`,
        );
      }
    }
    return found;
  }

  async stop(): Promise<void> {
    if (this.child.exitCode !== null || this.child.signalCode !== null) return;
    const ended = once(this.child, "exit");
    this.child.kill("SIGKILL");
    await ended;
  }

  private get(path: string): Promise<Response> {
    return fetch(`http://127.0.0.1:${this.port}${path}`, { headers: { "x-api-key": apiKey } });
  }

  private async status(path: string): Promise<number | undefined> {
    try {
      const answer = await this.get(path);
      await answer.arrayBuffer();
      return answer.status;
    } catch {
      return undefined;
    }
  }
}

const lastLine = (text: string): string => text.trim().split("\n").at(-1) ?? "";
