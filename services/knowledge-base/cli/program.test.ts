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
