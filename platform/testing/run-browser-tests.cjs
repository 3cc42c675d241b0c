// `npm run test:browser`: the *.browser.ts tests in a real browser, or a notice where none is installed.
require("tsx/cjs");
const { spawnSync } = require("node:child_process");
const { findBrowser } = require("./browser.ts");

if (findBrowser() === undefined) {
  console.log(
    "Browser tests skipped: no Chromium here (Debian: apt-get install chromium; or set CHROMIUM to its path).",
  );
  console.log("0 passed, 0 failed");
} else {
  const { status } = spawnSync(process.execPath, [require.resolve("mocha/bin/mocha.js"), "platform/**/*.browser.ts"], {
    stdio: "inherit",
  });
  process.exitCode = status ?? 1;
}
