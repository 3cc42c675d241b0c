import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { databaseName, databaseRolesSql } from "./database-roles-sql";

describe("components/database-roles-sql", () => {
  it("makes a database and an owner per service, sorted, and extensions only where asked", () => {
    const sql = databaseRolesSql([
      { name: "settings", extensions: [], roles: [] },
      { name: "knowledge_base", extensions: ["vector"], roles: ["kb_app"] },
    ]);
    assert.equal(sql, readFileSync(join(__dirname, "golden", "database-roles.sql"), "utf8"));
  });

  it("turns a service's name into an identifier that needs no quotes", () => {
    assert.equal(databaseName("knowledge-base"), "knowledge_base");
    assert.throws(() => databaseName("x'; drop"), /1 to 63 lower-case letters/);
    assert.throws(() => databaseName("1a"), /a letter first/);
  });
});
