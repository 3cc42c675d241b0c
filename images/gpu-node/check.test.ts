import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { checkImage } from "./check";

const scripts = join(__dirname, "files", "bin");

describe("check of the GPU image", () => {
  it("finds nothing wrong, and says of what it could not run why", () => {
    for (const { name, result, detail } of checkImage()) {
      assert.notEqual(result, "failed", `${name}: ${detail}`);
      assert.ok(result === "ok" || /is not here; Debian's package/.test(detail), `${name}: ${detail}`);
    }
  });

  it("says skipped of every tool that is not there", () => {
    const path = process.env.PATH;
    process.env.PATH = "/nonexistent";
    try {
      const skipped = checkImage().filter(({ result }) => result === "skipped");
      assert.ok(skipped.length >= 8, `${skipped.length} skipped`);
      assert.ok(skipped.some(({ name }) => name.includes("verify")));
    } finally {
      process.env.PATH = path;
    }
  });
});

describe("run-vllm", () => {
  it("becomes the engine with the arguments and variables that the host prints", () => {
    const root = mkdtempSync(join(tmpdir(), "run-vllm-"));
    try {
      const program = (name: string, text: string) => {
        writeFileSync(join(root, name), `#!/bin/bash\n${text}\n`);
        chmodSync(join(root, name), 0o755);
        return join(root, name);
      };
      const args = ["serve", "/models/a b", "--max-loras=9"];
      // Stand-ins: a Node that prints what the host would, a jq in Node's words, and an engine that shows what it got.
      const host = program("node", `echo '${JSON.stringify({ args, env: { VLLM_NO_USAGE_STATS: "1" } })}'`);
      const jq = program(
        "jq",
        `exec ${process.execPath} -e 'const d=JSON.parse(require("fs").readFileSync(0,"utf8"));console.log((process.argv[2]===".args[]"?d.args:Object.entries(d.env).map(e=>e.join("="))).join("\\n"))' -- "$@"`,
      );
      const engine = program("vllm", 'printf "%s\\n" "$VLLM_NO_USAGE_STATS" "$HF_HUB_OFFLINE" "$@"');
      const script = readFileSync(join(scripts, "run-vllm"), "utf8")
        .replace("/usr/local/bin/node", host)
        .replaceAll("jq --raw-output", `${jq} --raw-output`)
        .replace("/opt/game-ai/vllm/bin/vllm", engine);
      const said = execFileSync(program("run", script), { encoding: "utf8" });
      assert.deepEqual(said.trimEnd().split("\n"), ["1", "1", ...args]);
    } finally {
      rmSync(root, { recursive: true, force: true });
    }
  });
});
