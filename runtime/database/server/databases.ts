import { Client, escapeIdentifier, escapeLiteral } from "pg";
import type { ServerAddress } from "./cluster";

/** A role that signs in with a password: on RDS it signs in with an IAM token. */
export interface Role {
  readonly name: string;
  readonly password: string;
}

/** A service's database, as `components/database-roles-sql.ts` has it in the cloud. */
export interface OwnedDatabase {
  readonly name: string;
  /** The role that owns it. */
  readonly owner: Role;
  /** Further roles that may connect, of which the owner is the administrator. */
  readonly roles?: readonly Role[];
}

/** Runs work with a connection of the administrator. @param database @default the one that every server has */
export async function asAdministrator<T>(
  { host, port, user, password }: ServerAddress,
  work: (client: Client) => Promise<T>,
  database = "postgres",
): Promise<T> {
  const client = new Client({ host, port, user, password, database });
  // A server that ends meanwhile fails the statement, which says so.
  client.on("error", () => undefined);
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}

/**
 * Makes databases and their roles where they are missing, and gives roles the passwords named; what is stored is left as it is. No
 * role may connect to the database of another service.
 */
export async function ensureOwnedDatabases(address: ServerAddress, wanted: readonly OwnedDatabase[]): Promise<void> {
  if (wanted.length === 0) return;
  await asAdministrator(address, async (client) => {
    const names = async (sql: string) =>
      new Set((await client.query<{ name: string }>(sql)).rows.map(({ name }) => name));
    const databases = await names("SELECT datname AS name FROM pg_database");
    const roles = await names("SELECT rolname AS name FROM pg_roles");
    for (const { name, owner, roles: more = [] } of wanted) {
      const [quoted, quotedOwner] = [escapeIdentifier(name), escapeIdentifier(owner.name)];
      for (const role of [owner, ...more]) {
        const verb = roles.has(role.name) ? "ALTER" : "CREATE";
        await client.query(
          `${verb} ROLE ${escapeIdentifier(role.name)} LOGIN PASSWORD ${escapeLiteral(role.password)}`,
        );
        roles.add(role.name);
      }
      if (!databases.has(name)) {
        // Copying files is the cheaper way for an empty database.
        await client.query(`CREATE DATABASE ${quoted} OWNER ${quotedOwner} TEMPLATE template0 STRATEGY file_copy`);
      }
      await client.query(`REVOKE CONNECT, TEMPORARY ON DATABASE ${quoted} FROM PUBLIC`);
      for (const { name: member } of more) {
        await client.query(`GRANT ${escapeIdentifier(member)} TO ${quotedOwner} WITH ADMIN OPTION`);
        await client.query(`GRANT CONNECT ON DATABASE ${quoted} TO ${escapeIdentifier(member)}`);
      }
    }
  });
}
