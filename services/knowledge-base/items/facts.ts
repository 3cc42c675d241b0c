import type { deciders, factStatuses } from "../../../contracts/story";
import type { Scope, Session } from "../database/types";
import { listGenerations } from "../index/generations";
import type { Indexer } from "../index/indexer";
import { removeItem } from "../index/writer";
import { sha256 } from "../ingest/prepare";
import { Conflict, type Expected, expectVersion, NotFound } from "./errors";
import { knowers } from "./known-by";
import type { Once } from "./once";
import { spaceOf } from "./worlds";

export interface FactInput {
  /** Absent for the canon. */
  readonly worldId?: string | null;
  readonly subject: string;
  readonly predicate: string;
  readonly object: string;
  /** As a sentence. @default subject, predicate and object in a row */
  readonly statement?: string;
  /** Who knows of it. @default everybody */
  readonly knownBy?: readonly string[];
  /** From when on it holds, in the time of the story. @default now */
  readonly validFrom?: string;
  /** When it ceases to hold. @default open */
  readonly validUntil?: string;
  /** The subject has one object at a time: accepting this ends what held before. @default false */
  readonly exclusive?: boolean;
  /** Facts that it takes the place of once it is accepted. */
  readonly replaces?: readonly string[];
  /** Where it comes from: who or what said so, and on what ground. */
  readonly provenance: Readonly<Record<string, unknown>>;
}

/** A person's or a rule's word on a proposal. */
export interface Decision {
  readonly accept: boolean;
  readonly kind: (typeof deciders)[number];
  /** The person's or the rule's name. */
  readonly by: string;
  readonly reason?: string;
}

export interface Fact extends Required<Omit<FactInput, "validFrom" | "validUntil" | "knownBy">> {
  readonly id: string;
  readonly worldId: string | null;
  readonly knownBy: readonly string[] | null;
  readonly status: (typeof factStatuses)[number];
  readonly validFrom: Date;
  /** Its own end, or when another fact took its place. */
  readonly validUntil: Date | null;
  /** The fact that took its place, as the asker sees it. */
  readonly replacedBy: string | null;
  readonly decision: { kind: (typeof deciders)[number]; by: string; at: string; reason: string | null } | null;
  readonly version: number;
  readonly createdAt: Date;
  readonly updatedAt: Date;
}

const successor = (what: string) => `(SELECT ${what} FROM fact_replacements r JOIN facts g ON g.id = r.by_fact
  WHERE r.replaced = f.id AND g.status = 'accepted' ORDER BY g.valid_from, g.id LIMIT 1)`;
const columns = `f.id, f.world_id AS "worldId", f.subject, f.predicate, f.object, f.statement, f.known_by AS "knownBy",
  f.valid_from AS "validFrom", least(f.valid_until, ${successor("g.valid_from")}) AS "validUntil", ${successor("g.id")} AS "replacedBy",
  f.exclusive, f.replaces, f.status, f.provenance, f.version, f.created_at AS "createdAt", f.updated_at AS "updatedAt",
  CASE WHEN f.decided_at IS NOT NULL THEN
    jsonb_build_object('kind', f.decided_kind, 'by', f.decided_by, 'at', f.decided_at, 'reason', f.reason) END AS decision`;

/** Hash of what the index holds of a fact. */
const hashOf = (fact: {
  subject: string;
  statement: string;
  knownBy: readonly string[] | null;
  from: unknown;
  until: unknown;
}) => sha256(JSON.stringify([fact.subject, fact.statement, fact.knownBy, fact.from, fact.until]));

/** Proposes a fact. Nobody finds it before it is accepted. @throws NotFound for a fact that it would replace and that is not there */
export function proposeFact(indexer: Indexer, scope: Scope, input: FactInput, once?: Once<Fact>): Promise<Fact> {
  return indexer.database.transaction(scope, async (session) => {
    const before = await once?.claim(session);
    if (before !== undefined) return before;
    await spaceOf(session, input.worldId ?? null);
    for (const id of input.replaces ?? []) await getFact(session, id);
    const statement = input.statement ?? `${input.subject} ${input.predicate} ${input.object}`;
    const knownBy = knowers(input.knownBy);
    const { rows } = await session.query<{ id: string }>(
      `INSERT INTO facts (world_id, subject, predicate, object, statement, known_by, valid_from, valid_until, exclusive, replaces,
         provenance, content_hash)
       VALUES ($1, $2, $3, $4, $5, $6, coalesce($7::timestamptz, now()), $8, $9, $10, $11, $12) RETURNING id`,
      [
        input.worldId ?? null,
        input.subject,
        input.predicate,
        input.object,
        statement,
        knownBy,
        input.validFrom ?? null,
        input.validUntil ?? null,
        input.exclusive ?? false,
        input.replaces ?? [],
        JSON.stringify(input.provenance),
        hashOf({ subject: input.subject, statement, knownBy, from: input.validFrom, until: input.validUntil }),
      ],
    );
    const fact = await getFact(session, (rows[0] as { id: string }).id);
    await once?.keep(session, fact);
    return fact;
  });
}

/**
 * Accepts or rejects a proposal, for good. An accepted fact is found from then on, and takes the place of those that it replaces: in its
 * world alone, where they are the canon's.
 * @throws NotFound, OtherVersion, Conflict for one that has been decided on
 */
export async function decideFact(
  indexer: Indexer,
  scope: Scope,
  id: string,
  decision: Decision,
  expected?: Expected,
): Promise<Fact> {
  const { fact, space } = await indexer.database.transaction(scope, async (session) => {
    const proposed = await getFact(session, id);
    // One decision after the other on a subject: each sees what the one before it put in force.
    const subject = `${proposed.worldId} ${proposed.subject.toLowerCase()} ${proposed.predicate.toLowerCase()}`;
    await session.query("SELECT pg_advisory_xact_lock(hashtextextended($1, 1))", [subject]);
    await expectFact(session, id, expected);
    const { count } = await session.query(
      `UPDATE facts SET status = $2, decided_kind = $3, decided_by = $4, reason = $5, decided_at = now(), updated_at = now(),
         version = version + 1 WHERE id = $1 AND status = 'proposed'`,
      [id, decision.accept ? "accepted" : "rejected", decision.kind, decision.by, decision.reason ?? null],
    );
    if (count === 0) {
      const { status } = await getFact(session, id);
      throw status === "proposed" ? new NotFound("fact of this world") : new Conflict(`this fact is ${status} already`);
    }
    if (decision.accept) await replaceOthers(session, proposed);
    return { fact: await getFact(session, id), space: await spaceOf(session, proposed.worldId) };
  });
  indexer.switched();
  if (decision.accept) await indexer.indexStored(await indexer.active(), "fact", id, space);
  return fact;
}

/** Notes what a fact replaces: what it names, and, of an exclusive one, what holds of the same subject; a later one replaces it. */
async function replaceOthers(session: Session, { id, worldId, replaces }: Fact): Promise<void> {
  await session.query(
    `INSERT INTO fact_replacements (replaced, by_fact, world_id)
     SELECT o.id, f.id, $2::uuid FROM facts f JOIN facts o ON o.id <> f.id AND o.status = 'accepted'
     WHERE f.id = $1 AND (o.id = ANY ($3::uuid[]) OR (f.exclusive AND o.valid_from <= f.valid_from
       AND lower(o.subject) = lower(f.subject) AND lower(o.predicate) = lower(f.predicate)
       AND NOT EXISTS (SELECT FROM fact_replacements r JOIN facts g ON g.id = r.by_fact
         WHERE r.replaced = o.id AND g.status = 'accepted' AND g.valid_from <= f.valid_from)))
     UNION ALL
     SELECT * FROM (SELECT f.id, o.id, $2::uuid FROM facts f JOIN facts o ON o.status = 'accepted' AND o.exclusive
       WHERE f.id = $1 AND f.exclusive AND o.valid_from > f.valid_from AND o.world_id IS NOT DISTINCT FROM f.world_id
         AND lower(o.subject) = lower(f.subject) AND lower(o.predicate) = lower(f.predicate)
       ORDER BY o.valid_from LIMIT 1) later
     ON CONFLICT DO NOTHING`,
    [id, worldId, replaces],
  );
}

/** Ends a fact, or tells more of who knows of it. @throws NotFound, OtherVersion */
export async function changeFact(
  indexer: Indexer,
  scope: Scope,
  id: string,
  change: { validUntil?: string | null; learnedBy?: readonly string[] },
  expected?: Expected,
): Promise<Fact> {
  const { fact, space } = await indexer.database.transaction(scope, async (session) => {
    await expectFact(session, id, expected);
    const { rows } = await session.query<{
      subject: string;
      statement: string;
      knownBy: string[] | null;
      from: Date;
      until: Date | null;
    }>(
      `UPDATE facts SET valid_until = CASE WHEN $2 THEN $3::timestamptz ELSE valid_until END,
         known_by = CASE WHEN known_by IS NULL THEN NULL ELSE ARRAY(SELECT DISTINCT unnest(known_by || $4::text[]) ORDER BY 1) END,
         version = version + 1, updated_at = now()
       WHERE id = $1 RETURNING subject, statement, known_by AS "knownBy", valid_from AS "from", valid_until AS "until"`,
      [id, change.validUntil !== undefined, change.validUntil ?? null, change.learnedBy ?? []],
    );
    if (rows[0] === undefined) throw new NotFound("fact");
    await session.query("UPDATE facts SET content_hash = $2 WHERE id = $1", [id, hashOf(rows[0])]);
    const changed = await getFact(session, id);
    return { fact: changed, space: await spaceOf(session, changed.worldId) };
  });
  indexer.switched();
  if (fact.status === "accepted") await indexer.indexStored(await indexer.active(), "fact", id, space);
  return fact;
}

/** Removes a fact; what it had replaced holds again. @throws NotFound, OtherVersion */
export async function deleteFact(indexer: Indexer, scope: Scope, id: string, expected?: Expected): Promise<void> {
  await indexer.database.transaction(scope, async (session) => {
    await expectFact(session, id, expected);
    const { rows } = await session.query<{ worldId: string | null }>(
      'DELETE FROM facts WHERE id = $1 RETURNING world_id AS "worldId"',
      [id],
    );
    if (rows[0] === undefined) throw new NotFound("fact");
    const space = await spaceOf(session, rows[0].worldId);
    for (const generation of await listGenerations(session))
      await removeItem(session, generation.id, { kind: "fact", id, space });
  });
}

/** Locks a fact before it is changed. */
async function expectFact(session: Session, id: string, expected: Expected): Promise<void> {
  await session.query("SELECT FROM facts WHERE id = $1 FOR UPDATE", [id]);
  expectVersion(expected, (await getFact(session, id)).version);
}

/** @throws NotFound */
export async function getFact(session: Session, id: string): Promise<Fact> {
  const { rows } = await session.query<Fact>(`SELECT ${columns} FROM facts f WHERE f.id = $1`, [id]);
  if (rows[0] === undefined) throw new NotFound("fact");
  return rows[0];
}

export interface FactFilter {
  readonly subject?: string;
  readonly predicate?: string;
  /** @default accepted */
  readonly status?: (typeof factStatuses)[number];
  /** Only what somebody knows of. */
  readonly knownBy?: string;
  /** Only what holds then. @default now */
  readonly at?: string;
  /** Also what no longer holds, or does not yet. @default false */
  readonly history?: boolean;
  readonly after?: { readonly at: string; readonly id: string };
  readonly limit: number;
}

/** A page of facts, oldest proposal first. */
export async function listFacts(session: Session, filter: FactFilter): Promise<Fact[]> {
  const status = filter.status ?? "accepted";
  const { rows } = await session.query<Fact>(
    `SELECT ${columns} FROM facts f
     WHERE f.status = $1 AND ($2::text IS NULL OR lower(f.subject) = lower($2)) AND ($3::text IS NULL OR lower(f.predicate) = lower($3))
       AND ($4::text IS NULL OR f.known_by IS NULL OR $4 = ANY (f.known_by))
       AND ($5 OR (f.valid_from <= coalesce($6::timestamptz, now())
         AND coalesce(f.valid_until > coalesce($6::timestamptz, now()), true)
         AND NOT EXISTS (SELECT FROM fact_replacements r JOIN facts g ON g.id = r.by_fact
           WHERE r.replaced = f.id AND g.status = 'accepted' AND g.valid_from <= coalesce($6::timestamptz, now()))))
       AND ($7::timestamptz IS NULL OR (f.created_at, f.id) > ($7, $8::uuid))
     ORDER BY f.created_at, f.id LIMIT $9`,
    [
      status,
      filter.subject ?? null,
      filter.predicate ?? null,
      filter.knownBy ?? null,
      filter.history === true || status !== "accepted",
      filter.at ?? null,
      filter.after?.at ?? null,
      filter.after?.id ?? null,
      filter.limit,
    ],
  );
  return rows;
}
