import assert from "node:assert/strict";
import { rmSync } from "node:fs";
import { emptyDirectory, testMemory } from "../testing/memory";
import { databaseConformance } from "./conformance";
import { openEmbedded } from "./embedded";
import { migrate } from "./storage";
import { canon } from "./types";
import { judgeVectorVersion } from "./version";

databaseConformance("the embedded engine", () => testMemory());

describe("the embedded engine", () => {
  it("migrates again without change", async () => {
    const memory = await testMemory();
    assert.deepEqual(await migrate(memory.database), []);
    await memory.dispose();
  });

  it("ends a statement that runs too long and answers the next one", async () => {
    const directory = await emptyDirectory();
    const database = await openEmbedded({ dataDir: directory, statementTimeoutMs: 500 });
    const slow = database.transaction(canon, (session) =>
      session.query("SELECT count(*) FROM generate_series(1, 500000000) AS n"),
    );
    await assert.rejects(slow, /ran longer than 500 ms/);
    const { rows } = await database.asOwner((session) => session.query<{ n: number }>("SELECT 1 AS n"));
    assert.equal(rows[0]?.n, 1);
    await database.close();
    rmSync(directory, { recursive: true, force: true });
  });

  it("leaves the main thread free while a statement runs", async () => {
    const { database, dispose } = await testMemory();
    let turns = 0;
    const timer = setInterval(() => {
      turns += 1;
    }, 1);
    await database.asOwner((session) => session.query("SELECT count(*) FROM generate_series(1, 2000000) AS n"));
    clearInterval(timer);
    assert.ok(turns > 1, "the event loop did not turn");
    await dispose();
  });
});

describe("pgvector's version", () => {
  it("is refused below 0.8.0, advised against below 0.8.3, fine from there", () => {
    assert.throws(() => judgeVectorVersion("0.7.4"), /0\.8\.0 or later/);
    assert.match(judgeVectorVersion("0.8.1").advice ?? "", /ALTER EXTENSION vector UPDATE/);
    assert.equal(judgeVectorVersion("0.8.3").advice, undefined);
    assert.equal(judgeVectorVersion("0.10.0").advice, undefined);
  });
});
