/** A relay in a process of its own: appends what it publishes to a file, says so, and hangs there. */
import { appendFileSync } from "node:fs";
import { openServiceDatabase } from "../database";
import { runRelay } from "../events";
import { relayOnce } from "../outbox";
import { realSurroundings } from "../surroundings";
import { notes } from "./notes";

const [file] = process.argv.slice(2);

void openServiceDatabase(notes, process.env, undefined, "service").then((database) => {
  runRelay({
    turn: () =>
      relayOnce(
        (work) => database!.transaction(undefined, work),
        async (events) => {
          appendFileSync(file!, events.map((event) => `${JSON.stringify(event)}\n`).join(""));
          process.stdout.write("published\n");
          await new Promise(() => undefined);
        },
        // Whoever comes after it need not wait.
        1,
      ),
    onPublished: () => undefined,
    onFailure: (error) => process.stderr.write(`${error}\n`),
    around: realSurroundings,
  });
});
setInterval(() => undefined, 1_000_000);
