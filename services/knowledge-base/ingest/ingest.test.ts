import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, renameSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { canon, everything } from "../database/types";
import { openAiEmbedder } from "../embedders/openai";
import { generationIn, listGenerations, rollBack } from "../index/generations";
import { Indexer } from "../index/indexer";
import { refill } from "../index/maintenance";
import { rank } from "../search/search";
import { startEmbeddingServer } from "../testing/embedding-server";
import { type TestMemory, testMemory } from "../testing/memory";
import { stories } from "../testing/stories";
import { databaseTarget } from "./database-target";
import { ingest } from "./ingest";
import { openSource } from "./source";

describe("ingestion", () => {
  let memory: TestMemory;
  let folder: string;
  let server: Awaited<ReturnType<typeof startEmbeddingServer>>;
  const write = (file: string, content: string | Buffer) => {
    mkdirSync(dirname(join(folder, file)), { recursive: true });
    writeFileSync(join(folder, file), content);
  };
  const run = (more: { dryRun?: boolean; maxVanished?: number } = {}) =>
    ingest({ source: openSource(folder, "tales"), target: databaseTarget(memory.indexer, () => undefined), ...more });

  before(async () => {
    server = await startEmbeddingServer();
    const embedder = openAiEmbedder({ baseUrl: server.url, model: "words", dimensions: 64 });
    memory = await testMemory({ embedder });
    folder = mkdtempSync(join(tmpdir(), "kb-folder-"));
    for (const [file, content] of Object.entries(stories)) write(file, content);
  });
  after(async () => {
    await memory.dispose();
    await server.close();
    rmSync(folder, { recursive: true, force: true });
  });

  it("says what it would do without doing it", async () => {
    const report = await run({ dryRun: true });
    assert.equal(report.added.length, 5);
    assert.equal(server.texts.length, 0);
    assert.equal((await run({ dryRun: true })).added.length, 5);
  });

  it("stores a folder, and the second time embeds nothing", async () => {
    const report = await run();
    assert.deepEqual([report.added.length, report.failed], [5, []]);
    const calls = server.texts.length;
    assert.equal(calls, report.passages);
    assert.equal((await run()).unchanged, 5);
    assert.equal(server.texts.length, calls);
  });

  it("embeds only the passages that changed", async () => {
    const before = server.texts.length;
    write("01-gate.md", (stories["01-gate.md"] as string).replace("copper", "silver"));
    assert.deepEqual((await run()).updated, ["01-gate.md"]);
    assert.equal(server.texts.length, before + 1);
  });

  it("reports an unreadable file, keeps what it had stored, and does the rest", async () => {
    write("broken.md", Buffer.from([0xff, 0xfe, 0x00, 0xd8]));
    write("new.md", "# New\n\nA newcomer arrives.");
    const report = await run();
    assert.deepEqual(
      report.failed.map(({ file }) => file),
      ["broken.md"],
    );
    assert.deepEqual(report.added, ["new.md"]);
    rmSync(join(folder, "broken.md"));
  });

  it("follows no link and waits for no pipe, says so of each, and sweeps nothing that stands behind one", async () => {
    write("inner/kept.md", "# Kept\n\nA story in a folder.");
    await run();
    const outside = mkdtempSync(join(tmpdir(), "kb-outside-"));
    writeFileSync(join(outside, "secret.md"), "# Secret\n\nNot of this source.");
    renameSync(join(folder, "inner"), join(outside, "inner"));
    symlinkSync(join(outside, "inner"), join(folder, "inner"));
    symlinkSync(join(outside, "secret.md"), join(folder, "linked.md"));
    symlinkSync(join(folder, "nowhere"), join(folder, "dangling.txt"));
    execFileSync("mkfifo", [join(folder, "pipe.md")]);
    for (const dryRun of [true, false]) {
      const report = await run({ dryRun });
      assert.deepEqual(
        report.failed.map(({ file, error }) => [file, /link/.test(error) ? "link" : error]),
        [
          ["dangling.txt", "link"],
          ["inner", "link"],
          ["linked.md", "link"],
          ["pipe.md", "not a regular file"],
        ],
      );
      assert.deepEqual([report.added, report.deleted, report.kept], [[], [], []]);
    }
    for (const name of ["dangling.txt", "inner", "linked.md", "pipe.md"]) rmSync(join(folder, name));
    rmSync(outside, { recursive: true });
    assert.deepEqual((await run()).deleted, ["inner/kept.md"]);
  });

  it("tries again when the embedder stumbles, and stores no zero vector", async () => {
    server.failNext(2);
    write("storm.md", "# Storm\n\nLightning strikes the tower.");
    assert.deepEqual((await run()).added, ["storm.md"]);
    server.answerZeros(true);
    write("zero.md", "# Zero\n\nNothing at all here.");
    assert.match((await run()).failed[0]?.error ?? "", /zero vector/);
    server.answerZeros(false);
    assert.deepEqual((await run()).added, ["zero.md"]);
  });

  it("reports near-duplicates and keeps both", async () => {
    write("copy.md", (stories["02-harvest.md"] as string).replace("The Harvest", "The Harvest "));
    const report = await run();
    assert.deepEqual(report.added, ["copy.md"]);
    assert.ok(
      (report.nearDuplicates as { file: string; like: string }[]).some(
        ({ file, like }) => file === "copy.md" && like === "02-harvest.md",
      ),
    );
  });

  it("sweeps vanished documents, unless too many vanished", async () => {
    rmSync(join(folder, "copy.md"));
    assert.deepEqual((await run()).deleted, ["copy.md"]);
    for (const file of ["01-gate.md", "02-harvest.md", "guides/dragon.md", "notes.txt"]) rmSync(join(folder, file));
    const guarded = await run();
    assert.deepEqual([guarded.deleted, guarded.kept.length], [[], 4]);
    assert.equal((await run({ maxVanished: 1 })).deleted.length, 4);
  });

  it("keeps jobs and items, also of what failed", async () => {
    const { rows } = await memory.database.transaction(everything, (session) =>
      session.query<{ state: string; n: number }>("SELECT state, count(*)::int AS n FROM ingest_jobs GROUP BY state"),
    );
    assert.deepEqual(
      rows.map(({ state }) => state),
      ["done"],
    );
    const failed = await memory.database.transaction(everything, (session) =>
      session.query<{ error: string }>(
        "SELECT error FROM ingest_items WHERE state = 'failed' AND source_file = 'zero.md'",
      ),
    );
    assert.match(failed.rows[0]?.error ?? "", /zero vector/);
  });

  it("lets two at once come to the same end", async () => {
    for (let index = 0; index < 6; index += 1)
      write(`twin${index}.md`, `# Twin ${index}\n\nTwin number ${index} walks.`);
    const reports = await Promise.all([run(), run()]);
    assert.deepEqual(
      reports.flatMap(({ failed }) => failed),
      [],
    );
    const { rows } = await memory.database.transaction(everything, (session) =>
      session.query<{ n: number; files: number }>(
        `SELECT count(*)::int AS n, count(DISTINCT p.item_id)::int AS files FROM passages p
         JOIN narrative_documents d ON d.id = p.item_id WHERE d.source_file LIKE 'twin%'`,
      ),
    );
    assert.deepEqual(rows[0], { n: 6, files: 6 });
  });

  it("fills a second generation while the first answers, switches, and rolls back", async () => {
    const old = await memory.indexer.active();
    const other = new Indexer(memory.database, {
      embedder: openAiEmbedder({ baseUrl: server.url, model: "words-2", dimensions: 64 }),
    });
    await assert.rejects(rank(other, canon, { query: "twin" }), /KB_EMBEDDER/);
    const answered: string[] = [];
    const next = await refill(other, {
      progress: () => void answered.push("step"),
    });
    assert.ok(answered.length > 0);
    assert.equal((await rank(other, canon, { query: "twin number 3 walks" })).generation.id, next.id);
    await assert.rejects(refill(other), /another embedder/);
    const states = async () =>
      (await memory.database.transaction(everything, listGenerations)).map(({ id, state }) => [id, state]);
    assert.deepEqual(await states(), [
      [old.id, "previous"],
      [next.id, "active"],
    ]);
    await memory.database.transaction(everything, rollBack);
    assert.deepEqual(await states(), [
      [old.id, "active"],
      [next.id, "previous"],
    ]);
    memory.indexer.switched();
    assert.ok((await rank(memory.indexer, canon, { query: "twin number 3 walks" })).hits.length > 0);
    assert.equal((await memory.database.transaction(canon, (session) => generationIn(session, "active")))?.id, old.id);
  });
});
