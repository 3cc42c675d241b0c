// Runs actionlint and zizmor over the workflows: `npm run check:workflows`. Both come from registries that npm test does not need, so
// this is a check of its own; what cannot be had is skipped, with the reason.
const { spawnSync } = require("node:child_process");
const { mkdtempSync, rmSync } = require("node:fs");
const { tmpdir } = require("node:os");
const { join, resolve } = require("node:path");

const versions = { actionlint: "v1.7.12", zizmor: "1.32.0" };
const root = resolve(__dirname, "..", "..");
const folder = mkdtempSync(join(tmpdir(), "workflows-"));

/** Runs a command to its end; undefined when there is no such program. */
function run(command, args, env = {}) {
  const options = { cwd: root, encoding: "utf8", timeout: 400_000, env: { ...process.env, ...env } };
  const { error, status, stdout, stderr } = spawnSync(command, args, options);
  return error === undefined
    ? { ok: status === 0, text: `${stdout}${stderr}`.trim() }
    : { ok: false, text: error.message };
}

const tools = [
  {
    name: "actionlint",
    install: () =>
      run("go", ["install", `github.com/rhysd/actionlint/cmd/actionlint@${versions.actionlint}`], { GOBIN: folder }),
    check: () => run(join(folder, "actionlint"), ["-no-color"]),
  },
  {
    name: "zizmor",
    install: () => {
      const made = run("python3", ["-m", "venv", join(folder, "python")]);
      return made.ok
        ? run(join(folder, "python", "bin", "pip"), ["install", "--quiet", `zizmor==${versions.zizmor}`])
        : made;
    },
    check: () => run(join(folder, "python", "bin", "zizmor"), ["--offline", "--no-progress", ".github"]),
  },
];

const counts = { passed: 0, failed: 0, skipped: 0 };
try {
  for (const { name, install, check } of tools) {
    const installed = install();
    if (!installed.ok) {
      counts.skipped += 1;
      console.log(`${name}: skipped, it cannot be installed: ${installed.text.split("\n").at(-1)}`);
      continue;
    }
    const { ok, text } = check();
    counts[ok ? "passed" : "failed"] += 1;
    console.log(`${name}: ${ok ? "no finding" : text}`);
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}
console.log(`check:workflows: ${counts.passed} passed, ${counts.failed} failed, ${counts.skipped} skipped`);
process.exitCode = counts.failed === 0 ? 0 : 1;
