import { InputError } from "../contracts/input-error";
import { compare } from "./policy";

/** A service's database on the shared instance, its owner, and what else has to stand before the service migrates it. */
export interface ServiceDatabase {
  /** Name of the database and of the role that owns it. */
  readonly name: string;
  /** Extensions that only the master may make. */
  readonly extensions: readonly string[];
  /** Further login roles, of which the owner is a member and the administrator. */
  readonly roles: readonly string[];
}

/** The database and role of a service, from its name in the catalogue: `knowledge-base` becomes `knowledge_base`. */
export function databaseName(service: string): string {
  const name = service.replaceAll("-", "_");
  if (!/^[a-z][a-z0-9_]{0,62}$/.test(name)) {
    throw new InputError({
      path: `services.${service}`,
      given: service,
      allowed: "1 to 63 lower-case letters, digits and hyphens, a letter first",
      where: "stacks/service-catalogue.ts",
    });
  }
  return name;
}

/**
 * The psql script that makes one database and one owner per service; running it again changes nothing. Every role signs in with
 * an IAM token and has no password, and no service may connect to the database of another.
 */
export function databaseRolesSql(databases: readonly ServiceDatabase[]): string {
  const sorted = [...databases].sort((a, b) => compare(a.name, b.name));
  return ["\\set ON_ERROR_STOP on", ...sorted.flatMap(oneDatabase), ""].join("\n");
}

function oneDatabase({ name, extensions, roles }: ServiceDatabase): string[] {
  return [
    `-- ${name}`,
    ...[name, ...[...roles].sort(compare)].flatMap(role),
    ...[...roles].sort(compare).map((member) => `GRANT ${member} TO ${name} WITH ADMIN OPTION;`),
    `GRANT ${name} TO CURRENT_USER;`,
    `SELECT 'CREATE DATABASE ${name} OWNER ${name}' WHERE NOT EXISTS (SELECT FROM pg_database WHERE datname = '${name}') \\gexec`,
    `REVOKE CONNECT, TEMPORARY ON DATABASE ${name} FROM PUBLIC;`,
    ...[...roles].sort(compare).map((member) => `GRANT CONNECT ON DATABASE ${name} TO ${member};`),
    ...(extensions.length === 0 ? [] : [`\\connect ${name}`]),
    ...[...extensions]
      .sort(compare)
      .flatMap((extension) => [`CREATE EXTENSION IF NOT EXISTS ${extension};`, `ALTER EXTENSION ${extension} UPDATE;`]),
    ...(extensions.length === 0 ? [] : ["\\connect platform"]),
  ];
}

function role(name: string): string[] {
  return [
    `SELECT 'CREATE ROLE ${name} LOGIN' WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = '${name}') \\gexec`,
    `GRANT rds_iam TO ${name};`,
  ];
}
