import { join } from "node:path";
import { embeddedDatabase } from "./realisers";

/** Where the databases of the stack are. */
export type LocalDatabase =
  | { readonly kind: "embedded"; readonly dataDir: string }
  | {
      readonly kind: "attached";
      readonly host: string;
      readonly port: number;
      readonly user: string;
      readonly password: string;
    };

type Environment = Readonly<Record<string, string>>;

/** Variables with which a task definition names its database. */
const databaseVariables = ["DB_HOST", "DB_NAME", "DB_OWNER", "DB_PORT", "DB_TLS", "DB_USER"];

/** Variable in which a program takes the folder of its embedded database. */
const folderVariables: Readonly<Record<string, string>> = {
  "ai-router": "AI_ROUTER_DATA_DIR",
  "knowledge-base": "KB_DATA_DIR",
};

/** The folder of a service's embedded database. */
export const databaseFolder = (dataDir: string, service: string): string => join(dataDir, "databases", service);

/**
 * The one place where DB_* change: the cloud's instance becomes a folder of the service's own, or an attached server without TLS,
 * one user and a password in the
 * place of roles with IAM tokens. Databases keep their names.
 */
export function databaseEnvironment(service: string, environment: Environment, database: LocalDatabase): Environment {
  if (environment.DB_HOST === undefined) return environment;
  if (database.kind === "attached") {
    const { host, port, user, password } = database;
    const address = { DB_HOST: host, DB_PORT: String(port), DB_TLS: "off" };
    return { ...environment, ...address, DB_OWNER: user, DB_USER: user, DB_PASSWORD: password };
  }
  if (environment.DB_HOST !== embeddedDatabase) return environment;
  const variable = folderVariables[service];
  const rest = Object.fromEntries(Object.entries(environment).filter(([name]) => !databaseVariables.includes(name)));
  return variable === undefined ? rest : { ...rest, [variable]: databaseFolder(database.dataDir, service) };
}
