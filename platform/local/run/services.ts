import { join } from "node:path";
import type { Bundle } from "../bundles";
import { type Container, type DeclaredService, stubScript } from "../graph/tasks";
import { ManagedProcess, type ProcessSpec } from "../processes/managed-process";
import { familyKib } from "../processes/memory";
import { SharedHost } from "../processes/shared-host";
import { embedsDatabase } from "../realise/database-environment";
import { type EnvironmentSources, type MissingVariable, serviceEnvironment } from "../realise/environment";
import { programEnvironment } from "../realise/program-environment";
import type { ServiceState } from "../state";
import type { Steps } from "../terminal/steps";
import { recoverDatabase } from "./database-recovery";
import { runToEnd } from "./run-to-end";

/** Longest that a service here may take to end, whatever its task allows: all must be down within ten seconds. */
const mostStopSeconds = 8;

/** The process that runs all stubs. */
export const stubHost = "stub-host";

export interface ServicesOptions {
  /** The services to run, of those that are declared. */
  readonly services: readonly DeclaredService[];
  /** Local port of each service that listens. */
  readonly ports: ReadonlyMap<string, number>;
  readonly bundles: ReadonlyMap<string, Bundle>;
  readonly images: ReadonlyMap<string, Readonly<Record<string, string>>>;
  readonly sources: EnvironmentSources;
  readonly onChange: () => void;
  /** Resolves when the database of a program takes connections. @default at once */
  readonly databaseOf?: (name: string) => Promise<unknown>;
  /** What a program needs done after the containers before it and before itself. */
  readonly prepare: (name: string, services: LocalServices) => Promise<void>;
  /** Called when a database had to be put aside. */
  readonly onRecovered: (name: string) => void;
  readonly steps: Steps;
}

/** The services that run here: one process for each with code, one for the small ones together, one for all stubs. */
export class LocalServices {
  readonly missing: MissingVariable[] = [];
  readonly #programs = new Map<string, ManagedProcess>();
  readonly #oneOffs = new Set<Promise<string>>();
  readonly #host = new SharedHost();
  #stubs: ManagedProcess | undefined;
  #stopped = false;

  constructor(private readonly options: ServicesOptions) {}

  /** Starts all of them at once. @throws Error with one line for the first that does not become healthy. */
  async start(): Promise<void> {
    const { services, steps } = this.options;
    const stubs = services.filter(({ stub }) => stub);
    const shown = async (name: string, work: () => Promise<string>): Promise<void> => {
      const step = steps.begin(1, "aws:ecs:Service", name);
      step.done(
        await work().catch((error: unknown) => {
          step.fail();
          throw error;
        }),
      );
    };
    await Promise.all([
      stubs.length > 0 &&
        shown(`${stubs.length} services`, async () => {
          await this.#startStubs(stubs);
          return "stubs: their code is not here; one process";
        }),
      ...services
        .filter(({ stub }) => !stub)
        .map((service) =>
          shown(service.name, async () => {
            await this.#startProgram(service);
            return `http://127.0.0.1:${this.options.ports.get(service.name)}`;
          }),
        ),
    ]);
  }

  /** Ends a program and starts it with what its bundle holds now. */
  async restart(name: string): Promise<void> {
    const service = this.options.services.find((each) => each.name === name);
    if (service === undefined || service.stub) return;
    await this.#programs.get(name)?.stop();
    await this.#startProgram(service);
  }

  /**
   * Runs a one-off command of a program, with its environment; what it writes to standard error is seen where that is a terminal.
   * @returns What it wrote to standard output.
   */
  runOnce(name: string, args: readonly string[], more: NodeJS.ProcessEnv = {}): Promise<string> {
    const service = this.options.services.find((each) => each.name === name)!;
    const spec = this.#spec(service, { ...service.main, name: `${name} ${args[0]}`, command: args });
    return this.#toEnd({ ...spec, env: { ...spec.env, ...more } }, process.stderr.isTTY ? "inherit" : "pipe");
  }

  /** The services that run here, as the graph has them. */
  declared(): readonly DeclaredService[] {
    return this.options.services;
  }

  /** Value of a secret that a service is handed; undefined where it has none of that name here. */
  secretOf(name: string, variable: string): string | undefined {
    const declared = this.options.services.find((each) => each.name === name);
    const from = declared?.main.secrets.find((secret) => secret.name === variable)?.valueFrom;
    const arn = from && this.options.sources.outputs.resolve(from);
    return arn && "text" in arn ? this.options.sources.secrets.get(arn.text) : undefined;
  }

  /** Programs that have started on an embedded database of their own. */
  databaseOwners(): string[] {
    return this.options.services
      .filter(({ name, main }) => this.#programs.has(name) && main.environment.some((each) => each.name === "DB_HOST"))
      .map(({ name }) => name);
  }

  /** Ends all of them; what is still being prepared is not started any more, and a one-off command comes to its own end. */
  async stop(): Promise<void> {
    this.#stopped = true;
    await Promise.all([
      ...[this.#stubs, ...this.#programs.values()].map((each) => each?.stop()),
      Promise.allSettled(this.#oneOffs),
    ]);
    await this.#host.stop();
  }

  states(): ServiceState[] {
    const { services, ports } = this.options;
    const named = services.map((service): ServiceState => {
      const { name, stub } = service;
      const managed = stub ? this.#stubs : this.#programs.get(name);
      const port = ports.get(name);
      return {
        name,
        summary: summary(service),
        kind: stub ? "stub" : "program",
        status: managed?.status ?? "starting",
        url: port === undefined ? undefined : `http://127.0.0.1:${port}`,
        pid: managed?.pid,
        restarts: managed?.restarts ?? 0,
        memoryMiB: stub ? undefined : managed?.memoryMiB(),
      };
    });
    const hosts = this.#host.pid === undefined ? [] : [serviceHostState(this.#host.pid)];
    return [...named, ...hosts, ...(this.#stubs === undefined ? [] : [stubHostState(this.#stubs)])];
  }

  /** Output of a service's process; undefined for a name that is none. */
  logs(name: string): readonly string[] | undefined {
    const program = this.#programs.get(name);
    if (program !== undefined) return program.logs();
    if (name === stubHost) return this.#stubs?.logs();
    if (!this.options.services.some((service) => service.name === name)) return undefined;
    return (this.#stubs?.logs() ?? []).filter((line) => line.startsWith(`${name}: `));
  }

  async #startProgram(service: DeclaredService): Promise<void> {
    await this.options.databaseOf?.(service.name);
    for (const container of service.before) await this.#runBefore(service, container);
    await this.options.prepare(service.name, this);
    const own = this.#spec(service, service.main);
    const hosted = this.options.bundles.get(service.name)!.hostedFile;
    const shares = service.small === true && hosted !== undefined;
    const spec = shares ? { ...own, command: [process.execPath, hosted, "serve"], launch: this.#host.launch } : own;
    await this.#supervise(spec, (managed) => this.#programs.set(service.name, managed));
  }

  /** A container that must succeed first. An embedded database that a power cut has torn shows here, and is put aside once. */
  async #runBefore(service: DeclaredService, container: Container): Promise<void> {
    const spec = this.#spec(service, { ...container, name: `${service.name} ${container.name}` });
    try {
      await this.#toEnd(spec);
    } catch (error) {
      const { database } = this.options.sources;
      const recovered =
        database.kind === "own" && embedsDatabase(service.name)
          ? recoverDatabase(database.dataDir, service.name, error)
          : undefined;
      if (recovered === undefined) throw error;
      this.options.steps.say(recovered);
      this.options.onRecovered(service.name);
      await this.#toEnd(spec);
    }
  }

  async #startStubs(stubs: readonly DeclaredService[]): Promise<void> {
    const { ports } = this.options;
    const scripts = stubs.map(({ name, main, port }) => ({
      service: name,
      script: stubScript(main)!,
      port,
      localPort: ports.get(name),
    }));
    const probe = stubs.find(({ healthPath }) => healthPath !== undefined);
    const spec: ProcessSpec = {
      name: stubHost,
      command: [process.execPath, join(__dirname, "..", "stubs", "stub-host.cjs")],
      env: { ...programEnvironment(), STUBS: JSON.stringify(scripts) },
      health: probe && { url: `http://127.0.0.1:${ports.get(probe.name)}${probe.healthPath}` },
      stopSeconds: mostStopSeconds,
      restart: true,
    };
    await this.#supervise(spec, (managed) => {
      this.#stubs = managed;
    });
  }

  async #toEnd(spec: ProcessSpec, stderr?: "pipe" | "inherit"): Promise<string> {
    this.#refuseOnceStopped(spec);
    const run = runToEnd(spec, stderr);
    this.#oneOffs.add(run);
    return run.finally(() => this.#oneOffs.delete(run));
  }

  #refuseOnceStopped({ name }: ProcessSpec): void {
    if (this.#stopped) throw new Error(`${name} is not started: everything stops`);
  }

  async #supervise(spec: ProcessSpec, keep: (managed: ManagedProcess) => void): Promise<void> {
    this.#refuseOnceStopped(spec);
    const managed = new ManagedProcess(spec, this.options.onChange);
    keep(managed);
    await managed.start();
    managed.onExit(({ line, asked, again }) => {
      if (!asked) this.options.steps.say(again ? `${line}; it is started again` : line);
    });
  }

  #spec(service: DeclaredService, container: Container): ProcessSpec {
    const { bundles, images, ports, sources } = this.options;
    const image = images.get(service.name)!;
    const port = ports.get(service.name);
    const { env, missing } = serviceEnvironment(service, container, image, port, sources);
    for (const each of missing) {
      const known = this.missing.some(
        ({ service, variable }) => service === each.service && variable === each.variable,
      );
      if (!known) this.missing.push(each);
    }
    return {
      name: container.name,
      command: [process.execPath, bundles.get(service.name)!.file, ...(container.command ?? [])],
      env,
      health:
        port === undefined || service.healthPath === undefined
          ? undefined
          : { url: `http://127.0.0.1:${port}${service.healthPath}` },
      stopSeconds: Math.min(container.stopTimeout, mostStopSeconds),
      restart: true,
    };
  }
}

function serviceHostState(pid: number): ServiceState {
  const kib = familyKib(pid);
  return {
    name: "service-host",
    summary: "one process for services of the smallest size, each with its own output and restart",
    kind: "embedded",
    status: "healthy",
    pid,
    restarts: 0,
    memoryMiB: kib === undefined ? undefined : Math.round(kib / 1024),
  };
}

function stubHostState(managed: ManagedProcess): ServiceState {
  return {
    name: stubHost,
    summary: "one process that runs every stub as its task definition has it",
    kind: "embedded",
    status: managed.status,
    pid: managed.pid,
    restarts: managed.restarts,
    memoryMiB: managed.memoryMiB(),
  };
}

/** What its task definition tells of a service: what it calls and what it uses. */
function summary({ main }: DeclaredService): string {
  const names = main.environment.map(({ name }) => name);
  const calls = main.environment
    .flatMap(({ name, value }) => (name.endsWith("_URL") ? [/^http:\/\/([a-z][a-z0-9-]*):\d+$/.exec(value)?.[1]] : []))
    .filter((name) => name !== undefined && !name.startsWith("ref-"));
  const uses = [
    names.includes("DB_HOST") && "database",
    names.includes("REDIS_HOST") && "cache",
    names.includes("GOLD_URL") && "GPU tiers",
  ].filter((use) => use !== false);
  const parts = [calls.length > 0 && `calls ${calls.join(", ")}`, uses.length > 0 && `uses ${uses.join(", ")}`];
  return parts.filter((part) => part !== false).join("; ") || "stands alone";
}
