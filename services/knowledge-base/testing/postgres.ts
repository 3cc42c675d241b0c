/**
 * Runs the suites that need a database against a real PostgreSQL with pgvector; where it cannot be had, a notice is printed and
 * nothing fails.
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { runMain } from "../../../runtime/main";
import { serverPackage, startPostgres } from "./postgres-server";

const suites = ["database/postgres.suite.ts", "search/search.test.ts", "ingest/ingest.test.ts", "api/api.test.ts"];

void runMain("test:postgres", async () => {
  const server = await startPostgres();
  if (server === undefined) {
    process.stdout.write(
      `notice: no PostgreSQL with pgvector here (pip could not install ${serverPackage}); nothing was tested\n`,
    );
    return 0;
  }
  try {
    const mocha = spawn(
      process.execPath,
      [
        require.resolve("mocha/bin/mocha.js"),
        "--spec",
        ...suites.map((suite) => join(__dirname, "..", suite)),
        "--no-config",
        "--require",
        "tsx/cjs",
        "--timeout",
        "60000",
      ],
      { stdio: "inherit", env: { ...process.env, KB_TEST_POSTGRES_PORT: String(server.port) } },
    );
    const [code] = (await once(mocha, "exit")) as [number | null];
    return code ?? 1;
  } finally {
    await server.stop();
  }
});
