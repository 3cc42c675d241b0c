// Installs the locked dependencies when a fresh clone runs `npm start` or `npm test`; does nothing otherwise.
const { execFileSync } = require("node:child_process");
const { existsSync, readFileSync } = require("node:fs");
const { join } = require("node:path");

const root = join(__dirname, "..", "..");
const marker = join(root, "node_modules", ".package-lock.json");

/** True when what is installed differs from the lockfile (npm writes the marker last, so a broken install counts as none). */
function isStale() {
  if (!existsSync(marker)) return true;
  const installed = JSON.parse(readFileSync(marker, "utf8")).packages;
  const locked = JSON.parse(readFileSync(join(root, "package-lock.json"), "utf8")).packages;
  return Object.entries(locked).some(
    ([path, entry]) => path !== "" && !entry.optional && installed[path]?.version !== entry.version,
  );
}

if (isStale()) {
  console.error("Installing dependencies from the lockfile (npm ci) ...");
  try {
    execFileSync(
      process.platform === "win32" ? "npm.cmd" : "npm",
      ["ci", "--no-audit", "--no-fund", "--loglevel=error"],
      {
        cwd: root,
        stdio: ["ignore", 2, 2],
      },
    );
  } catch {
    console.error(
      "npm ci failed; the first line of its message above says why (no registry, an older Node than 20.19, or a lockfile out of step).",
    );
    process.exit(1);
  }
}
