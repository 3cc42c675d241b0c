import { InputError } from "../../../contracts/input-error";
import type { Scope } from "./types";

/** Role that every request takes; it owns nothing, so row-level security binds it. */
export const applicationRole = "kb_app";

const uuid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/**
 * Statements that open a transaction, in one round trip: the role, what row-level security reads, and index scans that go on
 * until they have as many rows as asked for.
 * @throws InputError for a world that is not a UUID, before anything reaches the database
 */
export function openingStatements(scope: Scope): string {
  const world = scope.sees === "world" ? scope.worldId : "";
  if (scope.sees === "world" && !uuid.test(world)) {
    throw new InputError({ path: "worldId", given: world, allowed: "a UUID" });
  }
  return [
    "BEGIN",
    `SET LOCAL ROLE ${applicationRole}`,
    `SELECT kb_enter('${scope.sees}', '${world}')`,
    "SET LOCAL hnsw.iterative_scan = relaxed_order",
    // More than the candidates of a search: how much a scan looks at decides how many of the true nearest it finds.
    "SET LOCAL hnsw.ef_search = 400",
    "SET LOCAL hnsw.max_scan_tuples = 40000",
    "SET LOCAL hnsw.scan_mem_multiplier = 4",
    // Reading an index at random costs little more than in order, on SSD and in memory.
    "SET LOCAL random_page_cost = 1.1",
  ].join("; ");
}
