import assert from "node:assert/strict";
import { readdirSync } from "node:fs";
import type { ServiceDatabase } from "../../../runtime/service";
import { requireMigrated } from "../../../runtime/service/database";
import { KeyStore } from "../../../runtime/service/keys";
import { realSurroundings } from "../../../runtime/service/surroundings";
import { staticEmbedder } from "../embedders/static";
import { Indexer } from "../index/indexer";
import { rank } from "../search/search";
import { testMemory } from "../testing/memory";
import { stories, tell } from "../testing/stories";
import { databaseConformance } from "./conformance";
import { openPostgres } from "./postgres";
import { forKit, migrate, migrationFolders, stored } from "./storage";
import { canon, everything } from "./types";

databaseConformance("PostgreSQL", () => testMemory());

describe("the roles of the cloud", () => {
  const connect = (database: string, user: string) =>
    openPostgres({ host: "127.0.0.1", port: Number(process.env.KB_TEST_POSTGRES_PORT), database, user, tls: false });

  // The roles are made before the program is there, as on RDS, where the owner of the database may not grant rds_iam.
  it("migrates as an owner without rights over roles, and the service works as a role that owns nothing", async () => {
    const control = connect("postgres", "postgres");
    const script = (...statements: string[]) =>
      control.asOwner(async (session) => {
        for (const statement of statements) await session.script(statement);
      });
    await script(
      "CREATE ROLE rds_iam NOLOGIN",
      "CREATE ROLE story_owner LOGIN",
      "DO $$ BEGIN IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'kb_app') THEN CREATE ROLE kb_app; END IF; END $$",
      "ALTER ROLE kb_app LOGIN",
      "GRANT rds_iam TO story_owner, kb_app",
      "GRANT kb_app TO story_owner WITH ADMIN OPTION",
      "CREATE DATABASE story_memory OWNER story_owner",
      "REVOKE CONNECT, TEMPORARY ON DATABASE story_memory FROM PUBLIC",
      "GRANT CONNECT ON DATABASE story_memory TO kb_app",
    );
    const master = connect("story_memory", "postgres");
    await master.asOwner((session) => session.script("CREATE EXTENSION vector"));
    await master.close();
    try {
      const owner = connect("story_memory", "story_owner");
      assert.equal((await migrate(owner)).length, migrationFolders.flatMap((folder) => readdirSync(folder)).length);
      assert.deepEqual(await migrate(owner), []);
      await owner.close();

      const service = connect("story_memory", "kb_app");
      await requireMigrated(stored, forKit(service) as ServiceDatabase, {});
      const keys = new KeyStore(
        { ...stored.contract.keys, scopesColumn: "permissions" },
        (work) => service.transaction(everything, work),
        realSurroundings,
      );
      assert.deepEqual(await keys.find("none"), undefined);
      const indexer = new Indexer(service, { embedder: staticEmbedder() });
      const ids = await tell(indexer, stories);
      const { hits } = await rank(indexer, canon, { query: "who is guarding the gate in the north?" });
      assert.equal(hits[0]?.candidate.itemId, ids["01-gate.md"]);
      await assert.rejects(
        service.asOwner((session) => session.script("DROP TABLE passages")),
        { code: "42501" },
      );
      await service.close();
    } finally {
      await script(
        "DROP DATABASE story_memory WITH (FORCE)",
        "REVOKE kb_app FROM story_owner",
        "DROP ROLE story_owner",
        "DROP ROLE rds_iam",
      );
      await control.close();
    }
  });
});
