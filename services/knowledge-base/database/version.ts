import { InputError } from "../../../contracts/input-error";
import type { Database } from "./types";

/** Lowest pgvector with iterative index scans, without which a filtered search returns too few rows. */
const required = [0, 8, 0] as const;
/** Lowest pgvector without a known defect in building or vacuuming HNSW indexes. */
const advised = [0, 8, 3] as const;

export interface VectorVersion {
  readonly version: string;
  /** What an operator should do, when something should be done. */
  readonly advice?: string;
}

/**
 * Judges a version of pgvector. RDS does not update an extension together with the engine.
 * @throws InputError below 0.8.0
 */
export function judgeVectorVersion(version: string): VectorVersion {
  const parts = version.split(".").map(Number);
  if (isBelow(parts, required)) {
    throw new InputError({
      path: "pgvector",
      given: version,
      allowed: `${required.join(".")} or later; run ALTER EXTENSION vector UPDATE`,
      where: "the database",
    });
  }
  return isBelow(parts, advised)
    ? { version, advice: `pgvector ${version} has known defects in HNSW indexes: run ALTER EXTENSION vector UPDATE` }
    : { version };
}

/** Reads and judges the extension's version; undefined before the first migration. */
export async function checkVectorVersion(database: Database): Promise<VectorVersion | undefined> {
  const { rows } = await database.asOwner((session) =>
    session.query<{ extversion: string }>("SELECT extversion FROM pg_extension WHERE extname = 'vector'"),
  );
  return rows[0] === undefined ? undefined : judgeVectorVersion(rows[0].extversion);
}

function isBelow(parts: readonly number[], floor: readonly number[]): boolean {
  for (let at = 0; at < floor.length; at += 1) {
    const difference = (parts[at] ?? 0) - (floor[at] as number);
    if (difference !== 0) return difference < 0;
  }
  return false;
}
