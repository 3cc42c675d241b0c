/**
 * Puts documents of five million characters, one or a few over and over, into a service on the embedded engine, and prints for each how long it took, and
 * the longest that `/health` took to answer meanwhile; then the ratio of twice the text to once, for texts that are hard to parse.
 * Usage: npx tsx bench/knowledge-base/hostile-documents.ts [CHARACTERS] [TEXT...], with \n for a line's end in a text
 */
import { rmSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { openEmbedded } from "../../services/knowledge-base/database/embedded";
import { parseDocument } from "../../services/knowledge-base/ingest/blocks";
import { chunkBlocks } from "../../services/knowledge-base/ingest/chunks";
import { startApi } from "../../services/knowledge-base/testing/api";
import { emptyDirectory } from "../../services/knowledge-base/testing/memory";

const size = 5_000_000;
const [, , characters, ...texts] = process.argv;
const hard = ["# a\n", "- a\n"];
const units = [
  ...(characters ?? `"'\`[]()!\\&<>*_~|-+#=:.,;?/ \t\n1aé龍`),
  ...(characters === undefined ? hard : texts.map((text) => text.replaceAll("\\n", "\n"))),
];

async function main(): Promise<void> {
  const folder = await emptyDirectory();
  const database = await openEmbedded({ dataDir: folder });
  const api = await startApi({ database });
  const { url } = api;
  const key = await api.key("bench", ["read", "write"]);
  const bodyOf = (file: string, content: string) => Buffer.from(JSON.stringify({ source: "hostile", file, content }));
  const put = (body: Buffer) =>
    fetch(`${url}/documents`, {
      method: "PUT",
      headers: { "x-api-key": key, "content-type": "application/json" },
      body,
    });
  await put(bodyOf("first.md", "x ".repeat(20_000)));
  const slowest = { put: 0, health: 0 };
  for (const [index, character] of units.entries()) {
    const bytes = Buffer.byteLength(character);
    const content = character.repeat(Math.floor(size / bytes));
    // Made before anything is measured: client and service share this thread.
    const body = bodyOf(`${index}.md`, content);
    let done = false;
    let health = 0;
    const watch = (async () => {
      while (!done) {
        const asked = performance.now();
        await (await fetch(`${url}/health`)).text();
        health = Math.max(health, performance.now() - asked);
        await sleep(5);
      }
    })();
    const started = performance.now();
    const { status } = await put(body);
    const took = performance.now() - started;
    done = true;
    await watch;
    slowest.put = Math.max(slowest.put, took);
    slowest.health = Math.max(slowest.health, health);
    console.log(
      `${JSON.stringify(character)} ${status} in ${took.toFixed(0)} ms, /health at most ${health.toFixed(0)} ms`,
    );
  }
  console.log(`slowest: ${slowest.put.toFixed(0)} ms; /health at most ${slowest.health.toFixed(0)} ms`);
  await api.close();
  await database.close();
  rmSync(folder, { recursive: true, force: true });

  for (const unit of [
    "[a](",
    "![[]()",
    "**a ",
    '" a',
    'a." ',
    "> ",
    "- a\n",
    "# a\n",
    "|a|b|\n",
    "<b",
    "<p>a",
    "&amp;",
  ]) {
    const time = (length: number) => {
      const text = unit.repeat(Math.ceil(length / unit.length));
      const started = performance.now();
      chunkBlocks(parseDocument(text, "text/markdown").blocks);
      return performance.now() - started;
    };
    time(200_000);
    const [once, twice] = [time(400_000), time(800_000)];
    console.log(
      `${JSON.stringify(unit)} twice the text takes ${(twice / once).toFixed(2)} times as long (${once.toFixed(0)} ms)`,
    );
  }
}

void main();
