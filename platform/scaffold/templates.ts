/** Names of a service in the forms in which its files need them. */
export interface ServiceNames {
  /** `quest-board` */
  readonly name: string;
  /** `questBoard` */
  readonly camel: string;
  /** `Quest board` */
  readonly title: string;
  /** Beginning of its API keys: `quest`. */
  readonly prefix: string;
}

export function namesOf(name: string): ServiceNames {
  const words = name.split("-");
  const camel = words.map((word, index) => (index === 0 ? word : word[0]!.toUpperCase() + word.slice(1))).join("");
  const title = [words[0]![0]!.toUpperCase() + words[0]!.slice(1), ...words.slice(1)].join(" ");
  return {
    name,
    camel,
    title,
    prefix: words
      .map((word) => word.slice(0, 4))
      .join("")
      .slice(0, 8),
  };
}

/** The six files of a new service, by their paths in the repository: a table, an event and an API that pass every test. */
export function filesOf(names: ServiceNames): Readonly<Record<string, string>> {
  const { name } = names;
  return {
    [`contracts/services/${name}.ts`]: contract(names),
    [`services/${name}/main.ts`]: main,
    [`services/${name}/service.ts`]: service(names),
    [`services/${name}/items/items.ts`]: items,
    [`services/${name}/schema/migrations/0001_items.sql`]: migration,
    [`services/${name}/items.test.ts`]: test(names),
  };
}

const contract = ({ name, camel, title, prefix }: ServiceNames) => `import { z } from "zod";
import { defineEvent } from "../events/define";
import { defineContract } from "./define";
import { pageOf, pageQuery, text, time, version } from "./schemas";

const params = z.strictObject({ id: text(100) });
const item = z.object({ id: z.string(), words: z.string(), version, changedAt: time });

/** What ${name} tells others. */
export const ${camel}Events = {
  "${name}.item-changed": defineEvent({
    summary: "An item has been made or changed.",
    version: 1,
    subject: "the item",
    data: z.looseObject({ id: z.string(), version }),
  }),
} as const;

/** What the service is to others. */
export const ${camel} = defineContract({
  name: "${name}",
  title: "${title}",
  version: "1.0.0",
  description: "Say in one or two sentences what it does.",
  database: true,
  publishes: ["${name}.item-changed"],
  keys: { prefix: "${prefix}", scopes: ["read", "write"] },
  routes: {
    listItems: {
      method: "GET",
      path: "/items",
      summary: "Lists items by id.",
      who: ["service:read"],
      query: z.strictObject(pageQuery),
      answers: { 200: pageOf(item) },
    },
    getItem: {
      method: "GET",
      path: "/items/{id}",
      summary: "Reads an item.",
      who: ["service:read"],
      params,
      answers: { 200: item },
      problems: ["not-found"],
    },
    putItem: {
      method: "PUT",
      path: "/items/{id}",
      summary: "Makes an item or changes it.",
      who: ["service:write"],
      params,
      body: z.strictObject({ words: text(1_000) }),
      precondition: "required",
      answers: { 200: item, 201: item },
    },
  },
});
`;

const main = `import { runService } from "../../runtime/service";
import { service } from "./service";

void runService(service);
`;

const service = ({ name, camel }: ServiceNames) => `import { join } from "node:path";
import { ${camel} } from "../../contracts/services/${name}";
import { checkVersion, defineService, notFound, pageOf, reply } from "../../runtime/service";
import { findItem, listItems, writeItem } from "./items/items";

export const service = defineService(${camel}, {
  migrations: join(__dirname, "schema", "migrations"),
  handlers: {
    async listItems({ query: { limit, cursor }, kit: { cursors }, read }) {
      const after = cursor === undefined ? "" : String(cursors.decode("items", cursor).id);
      const rows = await read((session) => listItems(session, after, limit + 1));
      return pageOf(rows, limit, cursors, "items", ({ id }) => ({ id }));
    },

    async getItem({ params: { id }, read }) {
      const item = await read((session) => findItem(session, id));
      if (item === undefined) throw notFound("item");
      return reply(item, { version: item.version });
    },

    async putItem({ params: { id }, body: { words }, precondition, session, kit }) {
      const known = await findItem(session, id, "and lock it");
      checkVersion(precondition, known?.version);
      const item = await writeItem(session, id, words, known?.version ?? 0);
      // Another request has made it since.
      if (item === undefined) return checkAgain();
      const { version } = item;
      await kit.emit(session, { type: "${name}.item-changed", subject: id, data: { id, version } });
      return reply(item, { status: version === 1 ? 201 : 200, version });

      function checkAgain(): never {
        checkVersion({ absent: true }, 1);
        throw notFound("item");
      }
    },
  },
});
`;

const items = `import type { Session } from "../../../runtime/database/types";

export interface Item {
  readonly id: string;
  readonly words: string;
  readonly version: number;
  readonly changedAt: Date;
}

const columns = \`id, words, version, changed_at AS "changedAt"\`;

/** Items in the order of their ids. @param after The id that the page starts behind. */
export async function listItems(session: Session, after: string, limit: number): Promise<Item[]> {
  const { rows } = await session.query<Item>(\`SELECT \${columns} FROM items WHERE id > $1 ORDER BY id LIMIT $2\`, [
    after,
    limit,
  ]);
  return rows;
}

/** @param lock Keeps others from changing it until the transaction ends. */
export async function findItem(session: Session, id: string, lock?: "and lock it"): Promise<Item | undefined> {
  const ending = lock === undefined ? "" : "FOR UPDATE";
  const { rows } = await session.query<Item>(\`SELECT \${columns} FROM items WHERE id = $1 \${ending}\`, [id]);
  return rows[0];
}

/** Makes an item, or changes the version that was seen. @returns undefined where another request was first */
export async function writeItem(session: Session, id: string, words: string, seen: number): Promise<Item | undefined> {
  const { rows } = await session.query<Item>(
    \`INSERT INTO items AS i (id, words) VALUES ($1, $2)
     ON CONFLICT (id) DO UPDATE SET words = $2, version = i.version + 1, changed_at = now() WHERE i.version = $3
     RETURNING \${columns}\`,
    [id, words, seen],
  );
  return rows[0];
}
`;

const migration = `-- Up Migration
CREATE TABLE items (
  id text PRIMARY KEY,
  words text NOT NULL,
  version integer NOT NULL DEFAULT 1,
  changed_at timestamptz(3) NOT NULL DEFAULT now()
);

-- Down Migration
DROP TABLE items;
`;

const test = ({ name, camel }: ServiceNames) => `import assert from "node:assert/strict";
import { ${camel} } from "../../contracts/services/${name}";
import { CallFailed } from "../../runtime/service";
import { startTestService, type TestService } from "../../runtime/service/testing/start";
import { service } from "./service";

describe("items of ${name}", () => {
  let running: TestService<typeof ${camel}>;
  before(async () => {
    running = await startTestService(${camel}, service);
  });
  after(() => running.close());

  it("are made, read, listed and changed from the version that was seen", async () => {
    const { client } = running;
    const params = { id: "a" };
    assert.equal((await client.putItem({ params, body: { words: "one" }, ifAbsent: true })).status, 201);
    const { body, version } = await client.getItem({ params });
    assert.deepEqual([body.words, version], ["one", 1]);
    assert.equal((await client.putItem({ params, body: { words: "two" }, ifMatch: 1 })).version, 2);
    assert.deepEqual((await client.listItems()).body.items.map(({ words }) => words), ["two"]);
    const late = client.putItem({ params, body: { words: "three" }, ifMatch: 1 });
    await assert.rejects(late, (error) => error instanceof CallFailed && error.is("version-mismatch"));
  });

  it("are told of, once for each change", async () => {
    const client = await running.place!.connect();
    try {
      const { rows } = await client.query("SELECT sequence::int, event->'data' AS data FROM outbox ORDER BY sequence");
      assert.deepEqual(rows, [
        { sequence: 1, data: { id: "a", version: 1 } },
        { sequence: 2, data: { id: "a", version: 2 } },
      ]);
    } finally {
      await client.end();
    }
  });
});
`;

/** The entry of the stack's catalogue that a person adds: what the service costs and may do is a decision. */
export const catalogueEntry = ({ name }: ServiceNames) => `  ${/-/.test(name) ? `"${name}"` : name}: {
    summary: "say what it does in a few words",
    source: "repository",
    http: listener("${name}"),
    ...small,
    database: { ...ownDatabase, migrates: true },
    events: { publishes: true },
    tasks: fewTasks,
  },`;
