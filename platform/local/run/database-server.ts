import { Cluster, type ServerAddress } from "../../../runtime/database/server/cluster";
import { ensureOwnedDatabases, type OwnedDatabase } from "../../../runtime/database/server/databases";
import type { DeclaredService } from "../graph/tasks";
import { ManagedProcess } from "../processes/managed-process";
import { type DatabasePlace, embedsDatabase, serverFolder } from "../realise/database-environment";
import type { ServiceState } from "../state";

/** Seconds that the server may take to end in order; it rolls back what is open, so it needs a fraction of one. */
const stopSeconds = 5;

/** The name under which the console shows it. */
export const databaseName = "database";

/** The PostgreSQL that stands for the RDS instance, started again when it ends by itself. */
export class DatabaseServer {
  private constructor(
    private readonly managed: ManagedProcess,
    readonly address: ServerAddress,
  ) {}

  /**
   * Starts it and makes the databases and roles of the services that run here. Resolves when they may connect.
   * @throws InputError or Error with one line
   */
  static async start(
    { dataDir, port, passwordOf }: Extract<DatabasePlace, { kind: "own" }>,
    services: readonly DeclaredService[],
    onChange: () => void,
    closing: { push(close: () => Promise<unknown>): void },
  ): Promise<DatabaseServer> {
    const cluster = await Cluster.prepare(serverFolder(dataDir));
    const managed = new ManagedProcess(
      {
        name: databaseName,
        ...cluster.server(port, true),
        cwd: "/",
        health: { check: (pid) => cluster.isReady(pid) },
        stopSeconds,
        stopSignal: "SIGINT",
        restart: true,
      },
      onChange,
    );
    closing.push(() => managed.stop());
    await managed.start();
    const address = cluster.address(port);
    await ensureOwnedDatabases(address, ownedDatabases(services, passwordOf));
    return new DatabaseServer(managed, address);
  }

  state(): ServiceState {
    const { status, pid, restarts } = this.managed;
    return {
      name: databaseName,
      summary: `PostgreSQL at ${this.address.host}:${this.address.port}, a database and a role for each service`,
      kind: "embedded",
      ...{ status, pid, restarts },
      memoryMiB: this.managed.memoryMiB(),
    };
  }

  logs(): readonly string[] {
    return this.managed.logs();
  }

  stop(): Promise<void> {
    return this.managed.stop();
  }
}

/** Services of which code runs here on the platform's own PostgreSQL. */
export const ownersOf = (services: readonly DeclaredService[]): readonly DeclaredService[] =>
  services.filter(({ name, stub, main }) => !stub && !embedsDatabase(name) && variable(main, "DB_NAME") !== undefined);

/** The database that a service's task definition names. */
export const databaseNameOf = ({ main }: DeclaredService): string | undefined => variable(main, "DB_NAME");

/** A database per service, owned by the role that migrates it; all roles of a service have its password. */
function ownedDatabases(
  services: readonly DeclaredService[],
  passwordOf: (service: string) => string,
): readonly OwnedDatabase[] {
  return ownersOf(services).map(({ name, main }) => {
    const password = passwordOf(name);
    const user = variable(main, "DB_USER")!;
    const owner = variable(main, "DB_OWNER") ?? user;
    const roles = user === owner ? [] : [{ name: user, password }];
    return { name: variable(main, "DB_NAME")!, owner: { name: owner, password }, roles };
  });
}

function variable({ environment }: DeclaredService["main"], wanted: string): string | undefined {
  return environment.find(({ name }) => name === wanted)?.value;
}
