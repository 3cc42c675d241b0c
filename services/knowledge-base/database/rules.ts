import type { EmbeddedOptions } from "../../../runtime/database/embedded";
import type { DatabaseRules } from "../../../runtime/database/types";
import { startWorker } from "../workers";
import { openingStatements } from "./scope";
import type { Scope } from "./types";

/** Requests are bounded in time; work that sees everything builds indexes and trains. */
export const rules: DatabaseRules<Scope> = {
  applicationName: "knowledge-base",
  opening: openingStatements,
  unbounded: ({ sees }) => sees === "all",
};

/** How the embedded engine runs in this program. */
export const embedded = {
  startWorker: (data) => startWorker("database", data),
  extensions: ["vector"],
} satisfies EmbeddedOptions;
