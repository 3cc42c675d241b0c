// `npm run test:pulumi-cli`: the *.pulumi-cli.ts tests against a real Pulumi CLI, or a notice where none is at hand. `--build` builds
// one first; other arguments go to mocha (`-- --grep rename`).
require("tsx/cjs");
const { spawnSync } = require("node:child_process");
const { buildCli, findCli } = require("./pulumi-cli/find-cli.ts");

const given = process.argv.slice(2);
if (given.includes("--build") && "missing" in findCli()) buildCli();
const found = findCli();
if ("missing" in found) {
  console.log(`Tests against the Pulumi CLI skipped: ${found.missing}`);
  console.log("0 passed, 0 failed, 1 skipped");
} else {
  const mocha = [
    require.resolve("mocha/bin/mocha.js"),
    "--reporter",
    "spec",
    ...given.filter((word) => word !== "--build"),
  ];
  const { status } = spawnSync(process.execPath, [...mocha, "platform/**/*.pulumi-cli.ts"], { stdio: "inherit" });
  process.exitCode = status ?? 1;
}
