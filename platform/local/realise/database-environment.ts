import { join } from "node:path";
import { localDatabase } from "./realisers";

/** Where the databases of the stack are to be. */
export type LocalDatabase =
  /** A PostgreSQL of the platform's own, in its data folder. */
  | { readonly kind: "own"; readonly dataDir: string }
  | {
      readonly kind: "attached";
      readonly host: string;
      readonly port: number;
      readonly user: string;
      readonly password: string;
    };

/** Where they are, for the processes that use them. */
export type DatabasePlace =
  | {
      readonly kind: "own";
      readonly dataDir: string;
      /** Port of the server on 127.0.0.1. */
      readonly port: number;
      /** Password of all roles of a service. */
      readonly passwordOf: (service: string) => string;
    }
  | Extract<LocalDatabase, { kind: "attached" }>;

type Environment = Readonly<Record<string, string>>;

/** Variables with which a task definition names its database. */
const databaseVariables = ["DB_HOST", "DB_NAME", "DB_OWNER", "DB_PORT", "DB_TLS", "DB_USER"];

/** Connections of a service's pool: a small server, and one person who plays. */
const poolSize = 2;

/**
 * Services whose database is embedded in their process (PGlite), in a folder that DATA_DIR names. The knowledge base needs pgvector,
 * which the PostgreSQL from npm does not bring. Everything else uses that PostgreSQL, and an attached server serves all.
 */
const embedding: ReadonlySet<string> = new Set(["knowledge-base"]);

/** Whether a service's database is embedded in its own process where the platform brings the databases. */
export const embedsDatabase = (service: string): boolean => embedding.has(service);

/** The folder of a service's embedded database. */
export const databaseFolder = (dataDir: string, service: string): string => join(dataDir, "databases", service);

/** The folder of the platform's own PostgreSQL. */
export const serverFolder = (dataDir: string): string => join(dataDir, "postgres");

/**
 * The one place where DB_* change: the cloud's instance becomes the PostgreSQL of this machine with a password in the place of IAM
 * tokens, a folder of the service's own, or an attached server with one user for all. Databases keep their names.
 */
export function databaseEnvironment(service: string, environment: Environment, database: DatabasePlace): Environment {
  if (environment.DB_HOST === undefined) return environment;
  if (database.kind === "attached") {
    const { host, port, user, password } = database;
    const address = { DB_HOST: host, DB_PORT: String(port), DB_TLS: "off" };
    return { ...environment, ...address, DB_OWNER: user, DB_USER: user, DB_PASSWORD: password };
  }
  if (environment.DB_HOST !== localDatabase) return environment;
  if (embedsDatabase(service)) {
    const rest = Object.fromEntries(Object.entries(environment).filter(([name]) => !databaseVariables.includes(name)));
    return { ...rest, DATA_DIR: databaseFolder(database.dataDir, service) };
  }
  return {
    ...environment,
    DB_HOST: "127.0.0.1",
    DB_PASSWORD: database.passwordOf(service),
    DB_POOL_SIZE: String(poolSize),
    DB_PORT: String(database.port),
    DB_TLS: "off",
  };
}
