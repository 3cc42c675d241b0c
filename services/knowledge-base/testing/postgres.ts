/**
 * Runs the suites that need a database against a real PostgreSQL with pgvector; where it cannot be had, a notice is printed and
 * nothing fails. Given names, as in `npm run test:postgres -- items/writers.suite.ts`, it runs those alone.
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { runMain } from "../../../runtime/main";
import { serverPackage, startPostgres } from "./postgres-server";

const all = [
  "database/postgres.suite.ts",
  "search/search.test.ts",
  "ingest/ingest.test.ts",
  "api/api.test.ts",
  "items/writers.suite.ts",
];
const named = process.argv.slice(2);
const suites = named.length > 0 ? named : all;

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
        "300000",
      ],
      { stdio: "inherit", env: { ...process.env, KB_TEST_POSTGRES_PORT: String(server.port) } },
    );
    const [code] = (await once(mocha, "exit")) as [number | null];
    return code ?? 1;
  } finally {
    await server.stop();
  }
});
