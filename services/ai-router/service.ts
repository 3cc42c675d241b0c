import { join } from "node:path";
import { aiRouter } from "../../contracts/services/ai-router";
import { wholeNumber } from "../../runtime/command-line";
import { defineService } from "../../runtime/service";
import { openApiDocument } from "./api/openapi";
import { createApiServer } from "./api/server";
import { cacheCounters } from "./cache-counters";
import { openRouter } from "./router";
import { settings } from "./settings";

/** The database counts in 32 bits. */
const mostCounted = 2 ** 31 - 1;

/** One address for all GPU tiers. */
export const service = defineService(aiRouter, {
  settings,
  migrations: join(__dirname, "schema", "migrations"),
  databaseOptional: true,
  keys: {
    properties: {
      tokensPerDay: {
        column: "tokens_per_day",
        read: "tokens_per_day::float8",
        option: "--tokens-per-day <number>",
        text: "prompt and answer together, per UTC day (default: no budget)",
        parse: wholeNumber("--tokens-per-day", 1, mostCounted),
        show: (budget) => (budget === null ? "no token budget" : `${budget} tokens/day`),
      },
    },
  },
  counters: cacheCounters,
  open: openRouter,
  // Its answers are streams that the kit's framework would slow down.
  server: createApiServer,
  openapi: openApiDocument,
});
