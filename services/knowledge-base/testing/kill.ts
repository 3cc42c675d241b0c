import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { copyFileSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { buildSync } from "esbuild";
import { openEmbedded } from "../database/embedded";
import { migrationFolders } from "../database/storage";
import { everything } from "../database/types";
import { staticModelFile } from "../embedders/static";
import { startEmbeddingServer } from "./embedding-server";
import { emptyDirectory } from "./memory";

/** The bundle, as images/bundle.cjs makes it, where it finds the embedded engine: below node_modules. It starts faster than tsx. */
function bundle(): string {
  const outfile = join(__dirname, "../../../node_modules/.cache/knowledge-base/knowledge-base.cjs");
  buildSync({
    entryPoints: [join(__dirname, "..", "main.ts")],
    outfile,
    bundle: true,
    platform: "node",
    target: "node20",
    format: "cjs",
    logLevel: "error",
    external: ["node-llama-cpp"],
  });
  copyFileSync(join(__dirname, "..", "embedders", "models", staticModelFile), join(dirname(outfile), staticModelFile));
  return outfile;
}

/** Passages of one file, and so texts of one request to the embedder. */
const passagesOfFile = 2;

/** A small seeded generator (Park and Miller), so that a failing round can be run again. */
function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state * 48_271) % 2_147_483_647;
    return state / 2_147_483_647;
  };
}

/**
 * Ingests a folder with a process that is killed (SIGKILL) again and again at seeded points, then lets it finish, and holds the end
 * against an ingestion that nobody disturbed.
 */
export async function killedIngestion(seed: number, kills: number, files: number): Promise<void> {
  const program = bundle();
  const server = await startEmbeddingServer();
  const folder = mkdtempSync(join(tmpdir(), "kb-kill-"));
  const [directory, calm] = [await emptyDirectory(), await emptyDirectory()];
  try {
    for (let index = 0; index < files; index += 1) {
      writeFileSync(
        join(folder, `${index}.md`),
        `# Tale ${index}\n\nHero number ${index} leaves home.\n\n## Return\n\nHero number ${index} comes back with ${index * 7} coins.`,
      );
    }
    const next = seeded(seed);
    let died = 0;
    for (let round = 0; round < kills; round += 1) {
      const mark = server.texts.length + 1 + Math.floor((next() * files * passagesOfFile) / kills);
      if (await run(program, folder, directory, server, () => server.texts.length >= mark, Math.floor(next() * 30)))
        died += 1;
    }
    await run(program, folder, directory, server);
    assert.ok(died > 0, "no process was killed");
    // What was under way when a process died has to be asked for again: one request each time.
    const unique = new Set(server.texts).size;
    assert.equal(unique, files * passagesOfFile);
    assert.ok(
      server.texts.length <= unique + died * passagesOfFile,
      `${server.texts.length} texts embedded for ${unique}`,
    );
    await run(program, folder, calm, server);
    assert.deepEqual(await state(directory), await state(calm));
  } finally {
    await server.close();
    for (const place of [folder, directory, calm]) rmSync(place, { recursive: true, force: true });
  }
}

/** Runs `kb ingest`; kills it some milliseconds after the condition holds. @returns Whether it was killed */
async function run(
  program: string,
  folder: string,
  dataDir: string,
  server: { url: string },
  when?: () => boolean,
  delayMs = 0,
): Promise<boolean> {
  const child = spawn(process.execPath, [program, "ingest", folder, "--source", "tales", "--data-dir", dataDir], {
    stdio: ["ignore", "ignore", "pipe"],
    env: {
      ...process.env,
      KB_MIGRATIONS_DIR: migrationFolders[0],
      KIT_MIGRATIONS_DIR: migrationFolders[1],
      KB_EMBEDDER: "openai",
      KB_EMBEDDER_URL: server.url,
      KB_EMBEDDER_MODEL: "m",
      KB_EMBEDDER_DIMENSIONS: "64",
    },
  });
  let said = "";
  child.stderr.on("data", (part) => {
    said += part;
  });
  let ordered = false;
  const watch = setInterval(() => {
    if (ordered || when === undefined || !when()) return;
    ordered = true;
    setTimeout(() => child.kill("SIGKILL"), delayMs);
  }, 1);
  const [code, signal] = (await once(child, "exit")) as [number | null, string | null];
  clearInterval(watch);
  if (signal === "SIGKILL") return true;
  assert.equal(code, 0, said);
  return false;
}

/** Everything that an ingestion leaves, without numbers and times that differ from run to run. */
async function state(directory: string): Promise<unknown> {
  const database = await openEmbedded({ dataDir: directory });
  try {
    return await database.transaction(everything, async (session) => {
      const rows = async (text: string) => (await session.query(text)).rows;
      return {
        documents: await rows("SELECT source_file, title, content_hash FROM narrative_documents ORDER BY 1"),
        passages: await rows(
          `SELECT d.source_file, p.chunk_index, p.chunk_total, p.heading, p.text_hash, md5(p.embedding::text) AS vector
           FROM passages p LEFT JOIN narrative_documents d ON d.id = p.item_id ORDER BY 1, 2`,
        ),
        postings: await rows(
          `SELECT t.term, t.passages, count(o.*)::int AS postings, sum(o.frequency)::int AS occurrences
           FROM terms t LEFT JOIN postings o ON o.term_id = t.id WHERE t.passages > 0 GROUP BY 1, 2 ORDER BY 1`,
        ),
        sizes: await rows("SELECT space, passages, total_length::int AS length FROM space_sizes ORDER BY 1"),
        cache: await rows("SELECT count(*)::int AS n FROM embedding_cache"),
        jobs: await rows("SELECT count(*)::int AS n FROM ingest_jobs WHERE state = 'running'"),
      };
    });
  } finally {
    await database.close();
  }
}
