import type { conceptScopes } from "../../../contracts/story";
import { type Scope, type Session, sqlState, sqlStates } from "../database/types";
import { generationIn, listGenerations } from "../index/generations";
import { type Indexer, storePrepared } from "../index/indexer";
import { lockNaming, removeItem } from "../index/writer";
import { piece, sha256 } from "../ingest/prepare";
import { Conflict, type Expected, expectVersion, NotFound } from "./errors";
import { loadIndexable } from "./indexable";
import { knowers } from "./known-by";
import { markMentions } from "./mentions";
import type { Once } from "./once";
import { spaceOf } from "./worlds";

export type ConceptScope = (typeof conceptScopes)[number];

export interface ConceptInput {
  readonly name: string;
  readonly type: string;
  readonly description: string;
  readonly scope: ConceptScope;
  /** Absent for the canon. */
  readonly worldId?: string | null;
  readonly sources?: readonly string[];
  /** Who knows of it. @default everybody */
  readonly knownBy?: readonly string[] | null;
}

export interface Concept extends Required<Omit<ConceptInput, "sources" | "knownBy">> {
  readonly knownBy: readonly string[] | null;
  readonly id: string;
  readonly sources: readonly string[];
  readonly createdAt: Date;
  readonly updatedAt: Date;
}

const columns = `id, name, type, description, scope, world_id AS "worldId", sources, known_by AS "knownBy", created_at AS "createdAt", updated_at AS "updatedAt"`;

/** What a version of a concept tells. */
type Told = Pick<ConceptInput, "name" | "type" | "description" | "knownBy">;

const hashOf = ({ name, type, description, knownBy }: Told) =>
  sha256([name, type, description, ...(knownBy ?? [])].join("\0"));

/** Lets one writer after the other at a concept, until the transaction ends. */
export async function lockConcept(session: Session, id: string): Promise<void> {
  await session.query("SELECT pg_advisory_xact_lock(hashtextextended($1, 0))", [id]);
}

/** Makes a concept with its first version, and its passage. @throws Conflict when its world or the canon has one of that name */
export async function createConcept(
  indexer: Indexer,
  scope: Scope,
  given: ConceptInput,
  once?: Once<Concept>,
): Promise<Concept> {
  const input = { ...given, knownBy: knowers(given.knownBy ?? undefined) };
  const generation = await indexer.active();
  const pieces = [piece(input.name, "", input.description)];
  const vectors = await indexer.vectors(generation, pieces);
  try {
    return await indexer.database.transaction(scope, async (session) => {
      await lockNaming(session);
      const before = await once?.claim(session);
      if (before !== undefined) return before;
      const space = await spaceOf(session, input.worldId ?? null);
      const { rows } = await session.query<Concept>(
        `INSERT INTO narrative_concepts (name, type, description, scope, world_id, sources, content_hash, known_by)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8) RETURNING ${columns}`,
        [
          input.name,
          input.type,
          input.description,
          input.scope,
          input.worldId ?? null,
          JSON.stringify(input.sources ?? []),
          hashOf(input),
          input.knownBy,
        ],
      );
      const concept = rows[0] as Concept;
      await addVersion(session, concept, { worldId: concept.worldId, playerId: null, changes: {}, told: input });
      if ((await generationIn(session, "active"))?.id === generation.id) {
        const stored = await loadIndexable(session, "concept", concept.id, space);
        if (stored !== undefined) await storePrepared(session, { ...stored, pieces, generation, vectors });
        await markMentions(session, generation.id, concept.id, concept.name);
      }
      await once?.keep(session, concept);
      return concept;
    });
  } catch (error) {
    throw named(error);
  }
}

/**
 * Tells a concept anew: a version is added. The canon tells its own; a world that tells a concept of the canon differently gets
 * versions of its own, and the canon stays as it is.
 * @param expected Ids of the versions that it may stand at
 * @throws NotFound, Conflict, OtherVersion
 */
export async function reviseConcept(
  indexer: Indexer,
  scope: Scope,
  id: string,
  change: {
    name?: string;
    type?: string;
    description?: string;
    worldId?: string | null;
    playerId?: string | null;
    /** Who knows of it, in place of those before. */
    knownBy?: readonly string[];
    /** Who knows of it besides. */
    learnedBy?: readonly string[];
  },
  expected?: Expected,
): Promise<ConceptVersion> {
  try {
    const { version, space } = await indexer.database.transaction(scope, async (session) => {
      // Before anything is read: a revision builds on the one before it, never beside it.
      await lockConcept(session, id);
      // A switch of generations waits for this, or this for the switch.
      await session.query("LOCK TABLE narrative_concepts IN ROW EXCLUSIVE MODE");
      const concept = await getConcept(session, id);
      const world = change.worldId ?? concept.worldId;
      const before = (await conceptAsOf(session, id, world, undefined)) ?? concept;
      expectVersion(expected, before.id);
      const told = {
        name: change.name ?? before.name,
        type: change.type ?? before.type,
        description: change.description ?? before.description,
        knownBy: knownAfter(before.knownBy, change),
      };
      if (world === concept.worldId) {
        const { count } = await session.query(
          `UPDATE narrative_concepts SET name = $2, type = $3, description = $4, content_hash = $5, known_by = $6, updated_at = now()
           WHERE id = $1`,
          [id, told.name, told.type, told.description, hashOf(told), told.knownBy],
        );
        if (count === 0) throw new NotFound("concept");
      }
      const version = await addVersion(session, concept, {
        worldId: world,
        playerId: change.playerId ?? null,
        changes: difference(before, told),
        told,
      });
      return { version, space: await spaceOf(session, world) };
    });
    indexer.switched();
    await indexer.indexStored(await indexer.active(), "concept", id, space);
    return version;
  } catch (error) {
    throw named(error);
  }
}

function knownAfter(
  before: readonly string[] | null,
  change: { knownBy?: readonly string[]; learnedBy?: readonly string[] },
): string[] | null {
  const kept = change.knownBy === undefined ? before : knowers(change.knownBy);
  return kept === null ? null : knowers(kept, change.learnedBy);
}

function difference(
  before: Record<"name" | "type" | "description", string>,
  told: Record<"name" | "type" | "description", string>,
) {
  const fields = ["name", "type", "description"] as const;
  return Object.fromEntries(
    fields
      .filter((field) => before[field] !== told[field])
      .map((field) => [field, { from: before[field], to: told[field] }]),
  );
}

export interface ConceptVersion {
  readonly id: string;
  readonly conceptId: string;
  readonly worldId: string | null;
  readonly playerId: string | null;
  readonly version: number;
  readonly name: string;
  readonly type: string;
  readonly description: string;
  readonly knownBy: readonly string[] | null;
  readonly changes: Record<string, unknown>;
  readonly validFrom: Date;
}

const versionColumns = `id, concept_id AS "conceptId", world_id AS "worldId", player_id AS "playerId", version, name, type,
  description, known_by AS "knownBy", changes, valid_from AS "validFrom"`;

async function addVersion(
  session: Session,
  concept: Pick<Concept, "id">,
  made: {
    worldId: string | null;
    playerId: string | null;
    changes: Record<string, unknown>;
    told: Told;
  },
): Promise<ConceptVersion> {
  const { rows } = await session.query<ConceptVersion>(
    // Later than the version before it in any case: a transaction that waited began before the one it waited for.
    `INSERT INTO concept_versions (concept_id, world_id, player_id, version, name, type, description, changes, content_hash, known_by, valid_from)
     SELECT $1, $2, $3, coalesce(max(version), 0) + 1, $4, $5, $6, $7, $8, $9::text[],
       greatest(clock_timestamp(), max(valid_from) + interval '1 millisecond') FROM concept_versions
     WHERE concept_id = $1 AND world_id IS NOT DISTINCT FROM $2 RETURNING ${versionColumns}`,
    [
      concept.id,
      made.worldId,
      made.playerId,
      made.told.name,
      made.told.type,
      made.told.description,
      JSON.stringify(made.changes),
      hashOf(made.told),
      made.told.knownBy ?? null,
    ],
  );
  return rows[0] as ConceptVersion;
}

/** @throws NotFound */
export async function getConcept(session: Session, id: string): Promise<Concept> {
  const { rows } = await session.query<Concept>(`SELECT ${columns} FROM narrative_concepts WHERE id = $1`, [id]);
  if (rows[0] === undefined) throw new NotFound("concept");
  return rows[0];
}

/**
 * A concept as a world told it at a time: the world's own latest version by then, else the canon's.
 * @param at @default now
 */
export async function conceptAsOf(
  session: Session,
  id: string,
  worldId: string | null,
  at: Date | undefined,
): Promise<ConceptVersion | undefined> {
  const { rows } = await session.query<ConceptVersion>(
    `SELECT ${versionColumns} FROM concept_versions
     WHERE concept_id = $1 AND (world_id IS NULL OR world_id = $2) AND ($3::timestamptz IS NULL OR valid_from <= $3)
     ORDER BY world_id IS NULL, version DESC LIMIT 1`,
    [id, worldId, at ?? null],
  );
  return rows[0];
}

/** A page of a concept's versions, oldest first. @throws NotFound */
export async function listVersions(
  session: Session,
  id: string,
  page: { after?: { at: string; id: string }; limit: number },
): Promise<ConceptVersion[]> {
  await getConcept(session, id);
  const { rows } = await session.query<ConceptVersion>(
    `SELECT ${versionColumns} FROM concept_versions
     WHERE concept_id = $1 AND ($2::timestamptz IS NULL OR (valid_from, id) > ($2, $3::uuid)) ORDER BY valid_from, id LIMIT $4`,
    [id, page.after?.at ?? null, page.after?.id ?? null, page.limit],
  );
  return rows;
}

/**
 * SQL that holds for a concept `c` that somebody knows of, or where nobody is named. A world's own telling comes before the canon's.
 * @param knower Parameter with the name, or null
 */
export const knownTo = (knower: string) => `(${knower}::text IS NULL OR coalesce(
    (SELECT v.known_by IS NULL OR ${knower} = ANY (v.known_by) FROM concept_versions v
     WHERE v.concept_id = c.id AND v.world_id = (SELECT kb_world()) ORDER BY v.version DESC LIMIT 1),
    c.known_by IS NULL OR ${knower} = ANY (c.known_by)))`;

/** A page of concepts, oldest first. */
export async function listConcepts(
  session: Session,
  filter: {
    canonOnly: boolean;
    /** Only what this world has of its own. */
    ownOf?: string;
    type?: string;
    name?: string;
    /** Only what somebody knows of, as the world that the transaction sees tells it. */
    knownBy?: string;
    after?: { at: string; id: string };
    limit: number;
  },
): Promise<Concept[]> {
  const { rows } = await session.query<Concept>(
    `SELECT ${columns} FROM narrative_concepts c
     WHERE (NOT $1 OR world_id IS NULL) AND ($2::text IS NULL OR type = $2) AND ($3::text IS NULL OR name ILIKE $3)
       AND ($4::timestamptz IS NULL OR (created_at, id) > ($4, $5::uuid)) AND ($7::uuid IS NULL OR world_id = $7)
       AND ${knownTo("$8")}
     ORDER BY created_at, id LIMIT $6`,
    [
      filter.canonOnly,
      filter.type ?? null,
      filter.name ?? null,
      filter.after?.at ?? null,
      filter.after?.id ?? null,
      filter.limit,
      filter.ownOf ?? null,
      filter.knownBy ?? null,
    ],
  );
  return rows;
}

/** Removes a concept with its versions, relationships and passages. @throws NotFound, OtherVersion */
export async function deleteConcept(indexer: Indexer, scope: Scope, id: string, expected?: Expected): Promise<void> {
  await indexer.database.transaction(scope, async (session) => {
    await lockConcept(session, id);
    const { worldId } = await getConcept(session, id);
    const told = await conceptAsOf(session, id, worldId, undefined);
    if (told !== undefined) expectVersion(expected, told.id);
    const { count } = await session.query("DELETE FROM narrative_concepts WHERE id = $1", [id]);
    if (count === 0) throw new NotFound("concept");
    for (const generation of await listGenerations(session)) {
      const { rows } = await session.query<{ space: number }>(
        "SELECT space FROM indexed_items WHERE generation_id = $1 AND kind = 'concept' AND item_id = $2",
        [generation.id, id],
      );
      for (const { space } of rows) await removeItem(session, generation.id, { kind: "concept", id, space });
    }
  });
}

function named(error: unknown): unknown {
  return sqlState(error) === sqlStates.uniqueViolation
    ? new Conflict("a concept of that name is there already")
    : error;
}
