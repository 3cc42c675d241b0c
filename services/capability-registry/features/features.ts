import type { Session } from "../../../runtime/database/types";
import { parseVersion } from "../engines/version";
import type { Range } from "./status";

export interface FeatureBody {
  readonly title: string;
  readonly area: string;
  readonly summary: string;
  readonly since: string;
  readonly deprecated: string | null;
  readonly removed: string | null;
  readonly replacedBy: string | null;
}

export interface Feature extends FeatureBody, Range {
  readonly name: string;
  readonly version: number;
  readonly updatedAt: Date;
}

const columns = `name, title, area, summary, since, deprecated, removed, replaced_by AS "replacedBy", version,
  updated_at AS "updatedAt", since_rank AS "sinceRank", deprecated_rank AS "deprecatedRank", removed_rank AS "removedRank"`;

/** The ranks of a body's versions, and the versions in their one spelling. */
export function withRange(body: FeatureBody): FeatureBody & Range {
  const since = parseVersion(body.since);
  const deprecated = body.deprecated === null ? null : parseVersion(body.deprecated);
  const removed = body.removed === null ? null : parseVersion(body.removed);
  return {
    ...body,
    since: since.text,
    deprecated: deprecated?.text ?? null,
    removed: removed?.text ?? null,
    sinceRank: since.rank,
    deprecatedRank: deprecated?.rank ?? null,
    removedRank: removed?.rank ?? null,
  };
}

export async function findFeature(session: Session, name: string): Promise<Feature | undefined> {
  return (await findFeatures(session, [name]))[0];
}

/** Those of the names that the registry knows, by name. */
export async function findFeatures(session: Session, names: readonly string[]): Promise<Feature[]> {
  const { rows } = await session.query<Feature>(`SELECT ${columns} FROM features WHERE name = ANY ($1) ORDER BY name`, [
    names,
  ]);
  return rows;
}

/** Features by name. @param presentIn Only those that are there in an engine of this rank. */
export async function listFeatures(
  session: Session,
  filter: {
    readonly area?: string;
    readonly after?: string;
    readonly presentIn?: readonly number[];
    readonly limit?: number;
  },
): Promise<Feature[]> {
  const { rows } = await session.query<Feature>(
    `SELECT ${columns} FROM features WHERE ($1::text IS NULL OR area = $1) AND ($2::text IS NULL OR name > $2)
       AND ($3::integer[] IS NULL OR (since_rank <= $3 AND (removed_rank IS NULL OR $3 < removed_rank)))
     ORDER BY name LIMIT $4`,
    [filter.area ?? null, filter.after ?? null, filter.presentIn ?? null, filter.limit ?? null],
  );
  return rows;
}

/** The version of a feature, whose row is locked until the transaction ends; undefined where there is none. */
export async function lockFeature(session: Session, name: string): Promise<number | undefined> {
  const { rows } = await session.query<{ version: number }>("SELECT version FROM features WHERE name = $1 FOR UPDATE", [
    name,
  ]);
  return rows[0]?.version;
}

/** Adds a feature. @returns undefined where another transaction was first */
export async function addFeature(
  session: Session,
  name: string,
  body: FeatureBody & Range,
): Promise<Feature | undefined> {
  const { rows } = await session.query<Feature>(
    `INSERT INTO features (name, ${written.join(", ")})
     VALUES ($1, ${written.map((_, index) => `$${index + 2}`).join(", ")}) ON CONFLICT DO NOTHING RETURNING ${columns}`,
    [name, ...valuesOf(body)],
  );
  return rows[0];
}

/** Changes a feature that is locked. */
export async function changeFeature(session: Session, name: string, body: FeatureBody & Range): Promise<Feature> {
  const { rows } = await session.query<Feature>(
    `UPDATE features SET ${written.map((column, index) => `${column} = $${index + 2}`).join(", ")},
       version = version + 1, updated_at = now() WHERE name = $1 RETURNING ${columns}`,
    [name, ...valuesOf(body)],
  );
  return rows[0]!;
}

export async function removeFeature(session: Session, name: string): Promise<void> {
  await session.query("DELETE FROM features WHERE name = $1", [name]);
}

const written = [
  "title",
  "area",
  "summary",
  "since",
  "deprecated",
  "removed",
  "replaced_by",
  "since_rank",
  "deprecated_rank",
  "removed_rank",
];

const valuesOf = (body: FeatureBody & Range) => [
  body.title,
  body.area,
  body.summary,
  body.since,
  body.deprecated,
  body.removed,
  body.replacedBy,
  body.sinceRank,
  body.deprecatedRank,
  body.removedRank,
];
