// `npm run test:node-versions [-- VERSION ...]`: `npm test` under other versions of Node, 20, 22 and 24 where none is named. The binaries
// come from the registry's packages node-PLATFORM-ARCH and are kept below .platform/node-versions.
const { execFileSync, spawnSync } = require("node:child_process");
const { existsSync } = require("node:fs");
const { delimiter, join } = require("node:path");

const root = join(__dirname, "..", "..");
const { scripts } = require(join(root, "package.json"));
const versions = process.argv.length > 2 ? process.argv.slice(2) : ["20.19", "22", "24"];
const wrong = versions.find((version) => !/^\d+(\.\d+){0,2}$/.test(version));
if (wrong !== undefined) {
  console.error(
    `test:node-versions: version: "${wrong}" is not allowed; allowed: a version such as 22 or 20.19 (set on the command line)`,
  );
  process.exit(2);
}

/** Folder with the `node` of a version. @throws Error where the registry has none for this machine */
function binariesOf(version) {
  const folder = join(root, ".platform", "node-versions", version);
  const name = `node-${process.platform === "win32" ? "win" : process.platform}-${process.arch}`;
  const bin = join(folder, "node_modules", name, "bin");
  if (!existsSync(join(bin, "node"))) {
    const words = ["install", "--no-save", "--no-audit", "--no-fund", "--loglevel=error", "--prefix", folder];
    execFileSync("npm", [...words, `${name}@~${version}`.replace(/~(\d+)$/, "$1")], {
      stdio: ["ignore", "ignore", "pipe"],
    });
  }
  return bin;
}

const counts = { passed: 0, failed: 0, skipped: 0 };
for (const version of versions) {
  let bin;
  try {
    bin = binariesOf(version);
  } catch (error) {
    const reason = String(error.stderr ?? error.message)
      .split("\n")
      .find((line) => line.trim() !== "");
    console.log(`Node ${version} skipped: ${reason}`);
    counts.skipped += 1;
    continue;
  }
  const path = [bin, join(root, "node_modules", ".bin"), process.env.PATH].join(delimiter);
  const env = { ...process.env, PATH: path };
  const told = spawnSync("node", ["--version"], { env, encoding: "utf8" }).stdout.trim();
  console.log(`\n== npm test under Node ${told}`);
  const { status } = spawnSync("sh", ["-c", scripts.test], { cwd: root, env, stdio: "inherit" });
  console.log(`Node ${told}: ${status === 0 ? "passed" : `failed with code ${status}`}`);
  counts[status === 0 ? "passed" : "failed"] += 1;
}
console.log(`test:node-versions: ${counts.passed} passed, ${counts.failed} failed, ${counts.skipped} skipped`);
process.exitCode = counts.failed === 0 ? 0 : 1;
