import { readFileSync } from "node:fs";
import { InputError } from "../../contracts/input-error";
import { type EmbeddedOptions, openEmbedded } from "./embedded";
import { openPostgres } from "./postgres";
import { rdsToken } from "./rds-token";
import type { Database, DatabaseRules } from "./types";

/** Which database a process uses. */
export type DatabaseTarget =
  | { readonly engine: "embedded"; readonly dataDir?: string }
  | {
      readonly engine: "postgres";
      readonly host: string;
      readonly port: number;
      readonly database: string;
      readonly user: string;
      /** Absent: an RDS IAM token signed with the task's role. */
      readonly password?: string;
      readonly region?: string;
      readonly tls: boolean;
      readonly caFile?: string;
      readonly poolSize: number;
    };

type Environment = Readonly<Record<string, string | undefined>>;

/** What a service is called in its database, and the variable that names its embedded one. */
export interface DatabaseDefaults {
  readonly database: string;
  readonly user: string;
  /** Variable that names the data directory, `KB_DATA_DIR`. */
  readonly directoryVariable: string;
}

/**
 * Reads the target from a data directory or the environment: DB_HOST, DB_PORT, DB_NAME, DB_USER, DB_PASSWORD, DB_TLS, DB_CA_FILE,
 * DB_POOL_SIZE, AWS_REGION; else the service's directory variable.
 * @throws InputError for a value out of range, or when neither is given
 */
export function databaseTarget(environment: Environment, defaults: DatabaseDefaults, dataDir?: string): DatabaseTarget {
  const directory = dataDir ?? (environment.DB_HOST ? undefined : environment[defaults.directoryVariable] || undefined);
  if (directory !== undefined) return { engine: "embedded", dataDir: directory };
  const host = environment.DB_HOST;
  if (!host) {
    throw new InputError({
      path: "database",
      given: undefined,
      allowed: "DB_HOST for PostgreSQL, or a data directory for the embedded engine",
      where: `DB_HOST, ${defaults.directoryVariable} or --data-dir`,
    });
  }
  const loopback = ["localhost", "127.0.0.1", "::1"].includes(host) || host.startsWith("/");
  const target = {
    engine: "postgres",
    host,
    port: integer(environment, "DB_PORT", 5432, 1, 65_535),
    database: environment.DB_NAME ?? defaults.database,
    user: environment.DB_USER ?? defaults.user,
    password: environment.DB_PASSWORD || undefined,
    region: environment.AWS_REGION ?? environment.AWS_DEFAULT_REGION,
    tls: flag(environment, "DB_TLS", !loopback),
    caFile: environment.DB_CA_FILE || undefined,
    poolSize: integer(environment, "DB_POOL_SIZE", 10, 1, 200),
  } as const;
  if (!target.tls && !loopback) {
    throw new InputError({
      path: "DB_TLS",
      given: "off",
      allowed: "on, except on the loopback interface",
      where: "DB_TLS",
    });
  }
  if (target.password === undefined && target.region === undefined && !loopback) {
    throw new InputError({
      path: "AWS_REGION",
      given: undefined,
      allowed: "the region of the database, to sign IAM tokens with, or DB_PASSWORD",
      where: "AWS_REGION",
    });
  }
  return target;
}

/**
 * As {@link databaseTarget}, signed in as DB_OWNER where it is set: the role that owns the schema, while the service's own DB_USER
 * owns nothing.
 * @throws InputError as {@link databaseTarget}
 */
export function migrationTarget(
  environment: Environment,
  defaults: DatabaseDefaults,
  dataDir?: string,
): DatabaseTarget {
  return databaseTarget({ ...environment, DB_USER: environment.DB_OWNER || environment.DB_USER }, defaults, dataDir);
}

/** Opens the target. */
export async function openDatabase<Scope>(
  target: DatabaseTarget,
  rules: DatabaseRules<Scope>,
  embedded: Omit<EmbeddedOptions, "dataDir">,
): Promise<Database<Scope>> {
  if (target.engine === "embedded") return openEmbedded({ ...embedded, dataDir: target.dataDir }, rules);
  const { host, port, database, user, region, poolSize } = target;
  const token = region === undefined ? undefined : rdsToken({ host, port, user, region });
  return openPostgres(
    {
      host,
      port,
      database,
      user,
      password: target.password ?? token,
      tls: target.tls ? { ca: target.caFile === undefined ? undefined : readFileSync(target.caFile, "utf8") } : false,
      poolSize,
    },
    rules,
  );
}

function integer(environment: Environment, name: string, fallback: number, low: number, high: number): number {
  const text = environment[name];
  if (text === undefined || text === "") return fallback;
  const value = Number(text);
  if (Number.isInteger(value) && value >= low && value <= high) return value;
  throw new InputError({ path: name, given: text, allowed: `a whole number from ${low} to ${high}`, where: name });
}

function flag(environment: Environment, name: string, fallback: boolean): boolean {
  const text = environment[name];
  if (text === undefined || text === "") return fallback;
  if (text === "on" || text === "off") return text === "on";
  throw new InputError({ path: name, given: text, allowed: "on or off", where: name });
}
