import assert from "node:assert/strict";
import { cpSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { aiRouter } from "../../../contracts/services/ai-router";
import { migrate } from "../../../runtime/database/migrate";
import { openServiceDatabase } from "../../../runtime/service/database";
import { migrateTestService, startTestService, type TestService } from "../../../runtime/service/testing/start";
import { createTestDatabase, type TestDatabase } from "../../../runtime/testing/database";
import { service } from "../service";

/** Keys of the release before the kit of services, with their hashes as its table had them. */
const keys = [
  {
    name: "game",
    key: "air_8sKq2ZtVb0Yx7WmR4cNpJ1hLdG6uFeQ3oTiXaSvByE0",
    hash: "bf4c4b1697a8c13ca4b8b1729da346fb5c26ba476bf791b93965c5fa46456e28",
    revoked: null,
    status: 200,
  },
  {
    name: "left",
    key: "air_Pw5nXk9Rj2LcVb7TqYs0Zm4HdGfU1oEiAaSxKtWvB3c",
    hash: "6367ba9bc053242de4ffbd0b2d06336a0e695d94bf6942e2707ccfa6eaf68de4",
    revoked: "2026-01-01",
    status: 401,
  },
] as const;

describe("a database of ai-router from before the kit of services", () => {
  let place: TestDatabase;
  let folder: string;
  let router: TestService<typeof aiRouter>;
  before(async () => {
    place = await createTestDatabase();
    folder = mkdtempSync(join(tmpdir(), "router-before-"));
    const { migrations } = service.definition;
    for (const name of ["0001_router.sql", "0002_key_names.sql"]) cpSync(join(migrations!, name), join(folder, name));
    const database = (await openServiceDatabase(service, place.environment, undefined, "owner"))!;
    try {
      await migrate(database, { dir: folder, where: "the test" });
      for (const { name, hash, revoked } of keys) {
        await database.transaction(undefined, (session) =>
          session.query(
            `INSERT INTO api_keys (name, key_hash, scopes, requests_per_minute, tokens_per_day, revoked_at)
             VALUES ($1, $2, '{generate}', 300, 1000, $3)`,
            [name, hash, revoked],
          ),
        );
      }
    } finally {
      await database.close();
    }
    await migrateTestService(service, place.environment);
    router = await startTestService(aiRouter, service, { place, environment: { GOLD_URL: "http://127.0.0.1:9" } });
  });
  after(async () => {
    await router.close();
    await place.drop();
    rmSync(folder, { recursive: true, force: true });
  });

  it("lets its keys in as before, with their budgets, and its revoked ones not", async () => {
    for (const { key, status } of keys) {
      const answer = await router.ask("GET", "/v1/models", { key });
      await answer.arrayBuffer();
      assert.equal(answer.status, status);
    }
    const listed = await router.running.kit.keys.list();
    assert.deepEqual(
      listed.map(({ name, properties }) => [name, properties.tokensPerDay]).sort(),
      keys.map(({ name }) => [name, 1000]),
    );
  });
});
