import type { Session } from "../../../runtime/database/types";
import { type EngineVersion, parseVersion, type Stage } from "./version";

export interface Engine {
  readonly version: string;
  readonly stage: Stage;
  readonly releasedAt: Date | null;
  readonly notesUrl: string | null;
  readonly registeredAt: Date;
}

const columns = `version, released_at AS "releasedAt", notes_url AS "notesUrl", registered_at AS "registeredAt"`;
const engineOf = (row: Omit<Engine, "stage">): Engine => ({ ...row, stage: parseVersion(row.version).stage });

export async function findEngine(session: Session, { text }: EngineVersion): Promise<Engine | undefined> {
  const { rows } = await session.query<Engine>(`SELECT ${columns} FROM engines WHERE version = $1`, [text]);
  return rows[0] && engineOf(rows[0]);
}

/** Adds a version. @returns The engine, and whether it is new */
export async function addEngine(
  session: Session,
  version: EngineVersion,
  { releasedAt, notesUrl }: { readonly releasedAt: string | null; readonly notesUrl: string | null },
): Promise<{ readonly engine: Engine; readonly added: boolean }> {
  const { rows } = await session.query<Engine>(
    `INSERT INTO engines (version, rank, released_at, notes_url) VALUES ($1, $2, $3, $4)
     ON CONFLICT DO NOTHING RETURNING ${columns}`,
    [version.text, version.rank, releasedAt, notesUrl],
  );
  if (rows[0] !== undefined) return { engine: engineOf(rows[0]), added: true };
  return { engine: (await findEngine(session, version))!, added: false };
}

/** Versions, newest first. @param before The rank that the page starts below. */
export async function listEngines(
  session: Session,
  filter: { readonly stage?: Stage; readonly before?: readonly number[]; readonly limit: number },
): Promise<Engine[]> {
  const { rows } = await session.query<Engine>(
    `SELECT ${columns} FROM engines
     WHERE ($1::integer[] IS NULL OR rank < $1) AND ($2::integer IS NULL OR rank[4] = $2) ORDER BY rank DESC LIMIT $3`,
    [filter.before ?? null, filter.stage === undefined ? null : stagePlaces[filter.stage], filter.limit],
  );
  return rows.map(engineOf);
}

const stagePlaces = { preview: 0, release: 1, hotfix: 2 } as const satisfies Record<Stage, number>;

/** Registered versions in which every one of the features is there, newest first. */
export async function enginesWithAll(session: Session, features: readonly string[]): Promise<string[]> {
  const { rows } = await session.query<{ version: string }>(
    `SELECT version FROM engines e WHERE $2 = (SELECT count(*) FROM features f WHERE f.name = ANY ($1)
       AND f.since_rank <= e.rank AND (f.removed_rank IS NULL OR e.rank < f.removed_rank))
     ORDER BY rank DESC LIMIT 500`,
    [features, features.length],
  );
  return rows.map(({ version }) => version);
}
