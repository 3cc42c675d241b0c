import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { InputError } from "../../contracts/input-error";
import { holdsDatabase } from "../database/folder";
import { databaseTarget, migrationTarget, openDatabase } from "../database/open";
import type { DatabaseRules } from "../database/types";
import type { Environment, Service, ServiceDatabase } from "./definition";
import { variableOf } from "./settings";

/** Folder of the kit's own tables. In an image it stands beside the bundle; KIT_MIGRATIONS_DIR names it. */
const kitVariable = "KIT_MIGRATIONS_DIR";
const ownVariable = "MIGRATIONS_DIR";
const folderVariable = "DATA_DIR";
/** Milliseconds that a statement of a service may take; migrations have no limit. */
const statementMs = 5_000;

/** A service's database is named after it, and so is its user. */
export const databaseNameOf = (service: string): string => service.replaceAll("-", "_");

/**
 * Opens the database that DB_HOST and the rest of DB_* name.
 * @param as `owner` signs in as DB_OWNER, for migrations
 * @throws InputError for a wrong setting, or none
 */
export async function openServiceDatabase(
  service: Service,
  given: Environment,
  dataDir: string | undefined,
  as: "service" | "owner",
): Promise<ServiceDatabase | undefined> {
  const { contract, definition } = service;
  const environment = { ...given, [folderVariable]: variableOf(service, given, folderVariable) };
  if (definition.ownDatabase !== undefined) return definition.ownDatabase.open(environment, dataDir, as);
  if (!contract.database) return undefined;
  const name = databaseNameOf(contract.name);
  const defaults = { database: name, user: name, directoryVariable: folderVariable };
  const target = (as === "owner" ? migrationTarget : databaseTarget)(environment, defaults, dataDir);
  const rules: DatabaseRules<undefined> = { applicationName: contract.name, opening: () => "BEGIN", statementMs };
  if (target.engine === "postgres") return openDatabase(target, rules, { startWorker: noWorker });
  const database = await openInFolder(target.dataDir!, name, rules);
  try {
    // Nobody else can.
    await migrateService(service, database, environment);
    return database;
  } catch (error) {
    await database.close();
    throw error;
  }
}

/** True where the environment or a folder names a database. */
export function namesDatabase(service: Service, environment: Environment, dataDir: string | undefined): boolean {
  return Boolean(dataDir || environment.DB_HOST || variableOf(service, environment, folderVariable));
}

/**
 * Holds a data folder against what was stored in it, for commands that only work on what is there: they must not make one.
 * @throws InputError for a folder that is not there or holds nothing
 */
export function requireStored(service: Service, environment: Environment, dataDir: string | undefined): void {
  const folder = dataDir ?? (environment.DB_HOST ? undefined : variableOf(service, environment, folderVariable));
  const { holds = isFilled } = service.definition.ownDatabase ?? {};
  if (folder === undefined || holds(folder)) return;
  const name = service.definition.program ?? service.contract.name;
  throw new InputError({
    path: "data-dir",
    given: folder,
    allowed: `a folder that ${name} has stored something in`,
    where: dataDir === undefined ? folderVariable : "--data-dir",
  });
}

const isFilled = (folder: string): boolean => existsSync(folder) && readdirSync(folder).length > 0;

/** A PostgreSQL of the service's own in a folder of this machine, which ends with the service. */
async function openInFolder(folder: string, name: string, rules: DatabaseRules<undefined>): Promise<ServiceDatabase> {
  if (holdsDatabase(folder)) {
    throw new InputError({
      path: "data-dir",
      given: folder,
      allowed: "a folder without the embedded database of an earlier version, which npm start takes along once",
      where: "--data-dir or DATA_DIR",
    });
  }
  // A cloud's image has neither the server's programs nor a use for this.
  const { startServer } = require("../database/server/start") as typeof import("../database/server/start");
  const { ensureOwnedDatabases } =
    require("../database/server/databases") as typeof import("../database/server/databases");
  const server = await startServer(folder);
  try {
    const { host, port, password } = server.address;
    await ensureOwnedDatabases(server.address, [{ name, owner: { name, password } }]);
    const database = await openDatabase<undefined>(
      { engine: "postgres", host, port, database: name, user: name, password, tls: false, poolSize: localPool },
      rules,
      { startWorker: noWorker },
    );
    return { ...database, close: () => database.close().finally(() => server.stop()) };
  } catch (error) {
    await server.stop();
    throw error;
  }
}

/** Connections to a server of the service's own. */
const localPool = 4;

function noWorker(): never {
  throw new Error("only PostgreSQL is opened here");
}

/** Where the kit's own migrations are in the repository. */
export const kitMigrations = join(__dirname, "schema", "migrations");

interface Folder {
  readonly dir: string;
  readonly where: string;
  /** Table that notes what ran. */
  readonly table: string;
}

/** The service's own migrations, then those of the kit: a table that both have is the service's. */
function foldersOf(service: Service, environment: Environment): Folder[] {
  const own = variableOf(service, environment, ownVariable) ?? service.definition.migrations;
  const kit = environment[kitVariable] || kitMigrations;
  return [
    ...(own === undefined ? [] : [{ dir: own, where: ownVariable, table: "schema_migrations" }]),
    { dir: kit, where: kitVariable, table: "kit_migrations" },
  ];
}

/** Tables of the kit that a role which owns nothing must be let at. */
const kitTables = ["api_keys", "counts", "idempotency_keys", "inbox", "outbox", "outbox_sequences"];

/**
 * Brings the schema up to date; running it again changes nothing.
 * @returns Names of the migrations that ran
 */
export async function migrateService(
  service: Service,
  database: ServiceDatabase,
  environment: Environment,
): Promise<string[]> {
  // What runs migrations is loaded where they run: most processes only look whether they have.
  const { migrate } = require("../database/migrate") as typeof import("../database/migrate");
  const ran: string[] = [];
  for (const folder of foldersOf(service, environment)) ran.push(...(await migrate(database, folder)));
  const user = environment.DB_OWNER && environment.DB_USER !== environment.DB_OWNER ? environment.DB_USER : undefined;
  const role = service.definition.ownDatabase?.role ?? user;
  if (role !== undefined) {
    const grant = `GRANT SELECT, INSERT, UPDATE, DELETE ON ${kitTables.join(", ")} TO "${role.replaceAll('"', '""')}"`;
    const look = `GRANT SELECT ON schema_migrations, kit_migrations TO "${role.replaceAll('"', '""')}"`;
    await database.asOwner((session) => session.script(`${grant}; ${look}`));
  }
  return ran;
}

/**
 * Holds the schema against the migrations that this program brings.
 * @throws Error in one line for a database that is behind; DatabaseUnavailable for one that cannot be reached
 */
export async function requireMigrated(
  service: Service,
  database: ServiceDatabase,
  environment: Environment,
): Promise<void> {
  for (const { dir, where, table } of foldersOf(service, environment)) {
    if (!existsSync(dir)) {
      throw new InputError({ path: "migrations", given: dir, allowed: "a folder of .sql files", where });
    }
    const wanted = readdirSync(dir).flatMap((file) => (file.endsWith(".sql") ? [file.slice(0, -".sql".length)] : []));
    const ran = await database.asOwner(async (session) => {
      const known = await session.query("SELECT to_regclass($1) IS NOT NULL AS known", [table]);
      if (known.rows[0]!.known !== true) return new Set<string>();
      const { rows } = await session.query<{ name: string }>(`SELECT name FROM ${table}`);
      return new Set(rows.map(({ name }) => name));
    });
    const missing = wanted.sort().find((name) => !ran.has(name));
    if (missing !== undefined) {
      const program = service.definition.program ?? service.contract.name;
      throw new Error(`the database lacks the migration ${missing}; run "${program} migrate" first`);
    }
  }
}
