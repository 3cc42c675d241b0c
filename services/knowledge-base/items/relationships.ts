import { type Session, sqlState, sqlStates } from "../database/types";
import { getConcept, knownTo } from "./concepts";
import { Conflict, NotFound } from "./errors";
import type { Once } from "./once";

export interface Relationship {
  readonly id: string;
  readonly from: string;
  readonly to: string;
  readonly type: string;
  readonly strength: number;
  readonly worldId: string | null;
}

const columns = `id, concept_a AS "from", concept_b AS "to", type, strength, world_id AS "worldId"`;

/** Relates two concepts that the transaction sees. @throws NotFound, Conflict */
export async function relate(
  session: Session,
  made: Omit<Relationship, "id">,
  once?: Once<Relationship>,
): Promise<Relationship> {
  const before = await once?.claim(session);
  if (before !== undefined) return before;
  await getConcept(session, made.from);
  await getConcept(session, made.to);
  try {
    const { rows } = await session.query<Relationship>(
      `INSERT INTO concept_relationships (concept_a, concept_b, type, strength, world_id) VALUES ($1, $2, $3, $4, $5)
       RETURNING ${columns}`,
      [made.from, made.to, made.type, made.strength, made.worldId],
    );
    const related = rows[0] as Relationship;
    await once?.keep(session, related);
    return related;
  } catch (error) {
    if (sqlState(error) === sqlStates.uniqueViolation) throw new Conflict("these concepts are related so already");
    throw error;
  }
}

/** @throws NotFound */
export async function unrelate(session: Session, id: string): Promise<void> {
  const { count } = await session.query("DELETE FROM concept_relationships WHERE id = $1", [id]);
  if (count === 0) throw new NotFound("relationship");
}

export interface Neighbour {
  readonly id: string;
  readonly name: string;
  readonly type: string;
  /** Steps from the concept asked about. */
  readonly depth: number;
  /** Product of the strengths along the strongest way there. */
  readonly strength: number;
  /** Concepts on that way, the first asked about, the last this one. */
  readonly path: readonly string[];
}

export interface NeighbourOptions {
  /** Steps at most, 1 to 4. @default 2 */
  readonly depth?: number;
  /** Relationships followed from one concept, the strongest first, 1 to 50. @default 10 */
  readonly fanOut?: number;
  /** Weakest product of strengths that is followed. @default 0 */
  readonly minStrength?: number;
  readonly types?: readonly string[];
  /** Ways lead only over concepts that this one knows of. @default everybody */
  readonly knownBy?: string;
  /** @default 100 */
  readonly limit?: number;
}

/** Concepts around one, breadth first; a way never visits a concept twice. None where the one is not known. @throws NotFound */
export async function neighbours(session: Session, id: string, options: NeighbourOptions = {}): Promise<Neighbour[]> {
  const { depth = 2, fanOut = 10, minStrength = 0, types = [], knownBy, limit = 100 } = options;
  await getConcept(session, id);
  if (knownBy !== undefined) {
    const { count } = await session.query(
      `SELECT 1 AS known FROM narrative_concepts c WHERE id = $1 AND ${knownTo("$2")}`,
      [id, knownBy],
    );
    if (count === 0) return [];
  }
  const found = new Map<string, Omit<Neighbour, "name" | "type">>();
  let front: Omit<Neighbour, "name" | "type">[] = [{ id, depth: 0, strength: 1, path: [id] }];
  const visited = new Set([id]);
  for (let step = 1; step <= depth && front.length > 0; step += 1) {
    const edges = await strongestEdges(
      session,
      front.map((one) => one.id),
      fanOut,
      types,
      knownBy,
    );
    const next = new Map<string, Omit<Neighbour, "name" | "type">>();
    for (const from of front) {
      for (const edge of edges.get(from.id) ?? []) {
        const strength = from.strength * edge.strength;
        const known = next.get(edge.to);
        if (visited.has(edge.to) || strength < minStrength || (known !== undefined && known.strength >= strength))
          continue;
        next.set(edge.to, { id: edge.to, depth: step, strength, path: [...from.path, edge.to] });
      }
    }
    front = [...next.values()]
      .sort((a, b) => b.strength - a.strength || (a.id < b.id ? -1 : 1))
      .slice(0, limit - found.size);
    for (const one of front) {
      visited.add(one.id);
      found.set(one.id, one);
    }
  }
  return withNames(session, [...found.values()]);
}

async function strongestEdges(
  session: Session,
  ids: string[],
  fanOut: number,
  types: readonly string[],
  knownBy: string | undefined,
) {
  const { rows } = await session.query<{ from: string; to: string; strength: number }>(
    `SELECT "from", "to", strength FROM (
       SELECT e."from", e."to", max(e.strength) AS strength,
         row_number() OVER (PARTITION BY e."from" ORDER BY max(e.strength) DESC, e."to") AS place
       FROM (
         SELECT concept_a AS "from", concept_b AS "to", strength, type FROM concept_relationships WHERE concept_a = ANY ($1::uuid[])
         UNION ALL
         SELECT concept_b, concept_a, strength, type FROM concept_relationships WHERE concept_b = ANY ($1::uuid[])
       ) e
       JOIN narrative_concepts c ON c.id = e."to"
       WHERE (cardinality($3::text[]) = 0 OR e.type = ANY ($3)) AND ${knownTo("$4")}
       GROUP BY e."from", e."to") ranked
     WHERE place <= $2`,
    [ids, fanOut, types, knownBy ?? null],
  );
  const edges = new Map<string, { to: string; strength: number }[]>();
  for (const { from, to, strength } of rows) edges.set(from, [...(edges.get(from) ?? []), { to, strength }]);
  return edges;
}

async function withNames(session: Session, found: readonly Omit<Neighbour, "name" | "type">[]): Promise<Neighbour[]> {
  const { rows } = await session.query<{ id: string; name: string; type: string }>(
    "SELECT id, name, type FROM narrative_concepts WHERE id = ANY ($1::uuid[])",
    [found.map(({ id }) => id)],
  );
  const names = new Map(rows.map((row) => [row.id, row]));
  return found.flatMap((one) => {
    const named = names.get(one.id);
    return named === undefined ? [] : [{ ...one, name: named.name, type: named.type }];
  });
}
