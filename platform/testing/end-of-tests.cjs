// Loaded by mocha: a test that leaves a server, a timer or a child behind would keep the run open for ever. It fails instead.
const graceMs = 15_000;

// Programs hide warnings of libraries (runtime/warnings.ts), and so do the tests that run parts of them.
if (!process.env.DEBUG) process.removeAllListeners("warning");

exports.mochaGlobalTeardown = () => {
  setTimeout(() => {
    const kinds = [...new Set(process.getActiveResourcesInfo())].sort().join(", ");
    process.stderr.write(`\nA test left something open that keeps the run from ending: ${kinds}\n`);
    // Mocha sets the exit code of its results in a listener of its own, so this one has to come after it.
    process.on("exit", () => {
      process.exitCode = 1;
    });
    process.exit();
  }, graceMs).unref();
};
