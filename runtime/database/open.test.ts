import assert from "node:assert/strict";
import { databaseTarget, migrationTarget } from "./open";

const defaults = { database: "knowledge_base", user: "kb_app", directoryVariable: "KB_DATA_DIR" };

describe("the database of a process", () => {
  const cloud = {
    AWS_REGION: "us-east-1",
    DB_HOST: "db.example",
    DB_NAME: "knowledge_base",
    DB_OWNER: "knowledge_base",
    DB_TLS: "on",
    DB_USER: "kb_app",
  };

  it("is signed in to by the owner for a migration, by the service's role for everything else", () => {
    const { user, ...rest } = migrationTarget(cloud, defaults) as { user: string };
    assert.equal(user, "knowledge_base");
    assert.deepEqual({ ...rest, user: "kb_app" }, databaseTarget(cloud, defaults));
    assert.equal((migrationTarget({ ...cloud, DB_OWNER: "" }, defaults) as { user: string }).user, "kb_app");
    assert.deepEqual(migrationTarget({ DB_OWNER: "x" }, defaults, "memory"), { engine: "embedded", dataDir: "memory" });
  });

  it("is asked for with verified TLS, except on the loopback interface", () => {
    assert.throws(() => databaseTarget({ ...cloud, DB_TLS: "off" }, defaults), /DB_TLS/);
    assert.equal((databaseTarget({ ...cloud, DB_HOST: "127.0.0.1" }, defaults) as { tls: boolean }).tls, true);
    assert.equal((databaseTarget({ DB_HOST: "127.0.0.1" }, defaults) as { tls: boolean }).tls, false);
    assert.throws(() => databaseTarget({ DB_HOST: "db.example" }, defaults), /AWS_REGION/);
    assert.throws(() => databaseTarget({}, defaults), /DB_HOST/);
  });
});
