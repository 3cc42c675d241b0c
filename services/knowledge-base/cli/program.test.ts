import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { emptyDirectory } from "../testing/memory";

const root = join(__dirname, "..", "..", "..");

function kb(...args: string[]) {
  return spawnSync(process.execPath, ["--require", "tsx/cjs", "services/knowledge-base/main.ts", ...args], {
    cwd: root,
    encoding: "utf8",
    env: { PATH: process.env.PATH },
  });
}

describe("kb", () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "kb-cli-"));
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  it("says every wrong use in one line, with exit code 2", () => {
    writeFileSync(join(folder, "docs.jsonl"), "");
    const missing = join(folder, "missing");
    for (const [args, expected] of [
      [["bogus"], /^kb: command: "bogus" is not allowed; allowed: serve, .*see kb --help\)$/],
      [
        ["search", "gate", "--data-dir", missing],
        /^kb: data-dir: ".*missing" is not allowed; .*\(set in --data-dir\)$/,
      ],
      [["keys", "list", "--data-dir", missing], /^kb: data-dir: /],
      [["search", " ", "--data-dir", folder], /^kb: query: " " is not allowed; allowed: 1 to 1000 characters.*set in/],
      [["search", "x", "--limit", "ten"], /^kb: limit: "ten" is not allowed; allowed: a whole number of at least 1/],
      [["eval", folder], /^kb: qrels\.tsv: ".*qrels\.tsv" is not allowed; .*\(set in .*kb eval/],
      [
        ["ingest", missing, "--data-dir", join(folder, "data")],
        /^kb: place: ".*missing" is not allowed; .*\(set in .*kb ingest\)$/,
      ],
    ] as const) {
      const { status, stdout, stderr } = kb(...args);
      assert.deepEqual([status, stdout], [2, ""], `${args.join(" ")}: ${stderr}`);
      assert.match(stderr.trimEnd(), expected);
      assert.equal(stderr.trimEnd().split("\n").length, 1, stderr);
    }
    assert.equal(existsSync(missing), false, "a command that only reads made a data folder");
  });

  it("says of a world that is not there that it is unknown, in one line, with exit code 2", async () => {
    const memory = await emptyDirectory();
    const world = "0b0f4c3e-8a1d-4c57-9a53-3f2f6f1a7c10";
    try {
      for (const args of [
        ["search", "gate"],
        ["ingest", folder],
        ["facts", "list"],
        ["keys", "create", "game"],
      ]) {
        const { status, stdout, stderr } = kb(...args, "--world", world, "--data-dir", memory);
        assert.deepEqual([status, stdout], [2, ""], stderr);
        assert.match(stderr, /^kb: world: "0b0f4c3e.*" is not allowed; .*\(set in --world\)\n$/);
      }
    } finally {
      rmSync(memory, { recursive: true, force: true });
    }
  });

  it("adds, proposes, decides on and lists facts", async () => {
    const memory = await emptyDirectory();
    const facts = (...args: string[]) => kb("facts", ...args, "--data-dir", memory);
    try {
      const added = facts("add", "Alice", "lives in", "Oakhollow", "--by", "Ann", "--exclusive");
      assert.deepEqual([added.status, added.stderr], [0, ""]);
      assert.match(added.stdout, /accepted: Alice lives in Oakhollow/);
      const proposed = facts("propose", "Alice", "lives in", "Stormgate", "--by", "Ann", "--exclusive", "--json");
      const { id } = JSON.parse(proposed.stdout) as { id: string };
      assert.match(facts("list", "--subject", "Alice").stdout, /^\S+ accepted: Alice lives in Oakhollow[^\n]*\n$/);
      assert.match(facts("list", "--status", "proposed").stdout, /Stormgate/);
      assert.equal(facts("decide", id, "accept", "--by", "Ann").status, 0);
      assert.match(facts("list", "--subject", "Alice").stdout, /^\S+ accepted: Alice lives in Stormgate[^\n]*\n$/);
      const unknown = facts("decide", "0b0f4c3e-8a1d-4c57-9a53-3f2f6f1a7c10", "accept", "--by", "Ann");
      assert.deepEqual([unknown.status, unknown.stdout], [2, ""]);
      assert.match(unknown.stderr, /^kb: id: .*a fact of this memory.*\n$/);
    } finally {
      rmSync(memory, { recursive: true, force: true });
    }
  });

  it("says that a question has no hits, with exit code 1", async () => {
    const memory = await emptyDirectory();
    try {
      const { status, stdout, stderr } = kb("search", "gate", "--data-dir", memory);
      assert.deepEqual([status, stdout, stderr], [1, "no hits\n", ""]);
    } finally {
      rmSync(memory, { recursive: true, force: true });
    }
  });
});
