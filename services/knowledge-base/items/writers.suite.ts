import assert from "node:assert/strict";
import { canon, everything, insideWorld } from "../database/types";
import { staticEmbedder } from "../embedders/static";
import { Indexer } from "../index/indexer";
import { catchUp } from "../index/maintenance";
import { type TestMemory, testMemory } from "../testing/memory";
import { makeWorld, tell } from "../testing/stories";
import { conceptAsOf, createConcept, listVersions, reviseConcept } from "./concepts";

/** Rounds of each race; on a real server only, since the embedded engine has one connection. */
const rounds = 100;

describe("writers at the same time", () => {
  let memory: TestMemory;
  before(async () => {
    memory = await testMemory();
  });
  after(() => memory.dispose());

  const isConsistent = async () => {
    const { rows } = await memory.database.transaction(everything, (session) =>
      session.query<{ doubled: number; miscounted: number; stale: number }>(
        `SELECT (SELECT count(*)::int FROM (SELECT FROM passages GROUP BY generation_id, kind, item_id, space, chunk_index
             HAVING count(*) > 1) d) AS doubled,
           (SELECT count(*)::int FROM (SELECT FROM terms t LEFT JOIN postings p ON p.term_id = t.id
             GROUP BY t.id, t.passages HAVING t.passages <> count(p.passage_id)) m) AS miscounted,
           (SELECT count(*)::int FROM indexable i WHERE NOT EXISTS (SELECT FROM indexed_items x WHERE x.kind = i.kind
             AND x.item_id = i.id AND x.space = i.space AND x.content_hash = i.content_hash)) AS stale`,
      ),
    );
    assert.deepEqual(rows[0], { doubled: 0, miscounted: 0, stale: 0 });
  };

  it("lose no revision of a concept, in the canon or as a world tells it", async () => {
    const world = await makeWorld(memory.indexer, "told");
    const concept = await createConcept(memory.indexer, everything, {
      name: "Moon",
      type: "place",
      description: "It shines.",
      scope: "global",
    });
    for (const [scope, worldId] of [
      [everything, null],
      [insideWorld(world.id), world.id],
    ] as const) {
      for (let round = 0; round < rounds; round += 1) {
        const change = { name: `Moon ${round}`, type: `type ${round}`, description: `It shines ${round} times.` };
        await Promise.all(
          Object.entries(change).map(([field, value]) =>
            reviseConcept(memory.indexer, scope, concept.id, { [field]: value, worldId }),
          ),
        );
        const now = await memory.database.transaction(scope, (session) =>
          conceptAsOf(session, concept.id, worldId, undefined),
        );
        assert.deepEqual({ name: now?.name, type: now?.type, description: now?.description }, change, `round ${round}`);
      }
    }
    const versions = await memory.database.transaction(canon, (session) =>
      listVersions(session, concept.id, { limit: 1_000 }),
    );
    assert.deepEqual(
      versions.map(({ version }) => version),
      Array.from({ length: 1 + 3 * rounds }, (_, at) => at + 1),
      "times of versions grow as their numbers do",
    );
    await isConsistent();
  });

  it("store an item's passages once, when several index it", async () => {
    const others = [1, 2, 3].map(() => new Indexer(memory.database, { embedder: staticEmbedder() }));
    const { id } = await memory.indexer.active();
    for (let round = 0; round < rounds / 5; round += 1) {
      await tell(memory.indexer, { "round.md": `# Round ${round}\n\nThe wolf howls ${round} times.` });
      await memory.database.transaction(everything, (session) =>
        session.query(
          "UPDATE indexed_items SET content_hash = 'older' WHERE generation_id = $1 AND kind = 'document'",
          [id],
        ),
      );
      await Promise.all(others.map(async (one) => catchUp(one, await one.active())));
      await isConsistent();
    }
  });

  it("miss no mention between a new concept and a new document", async () => {
    for (let round = 0; round < rounds / 5; round += 1) {
      const name = `Veyra the ${round}th`;
      const [ids, concept] = await Promise.all([
        tell(memory.indexer, { [`mention-${round}.md`]: `# Tale\n\nHere sleeps ${name}.` }),
        createConcept(memory.indexer, everything, { name, type: "dragon", description: "Asleep.", scope: "global" }),
      ]);
      const { rows } = await memory.database.transaction(canon, (session) =>
        session.query<{ concept_ids: string[] }>("SELECT concept_ids FROM passages WHERE item_id = $1", [
          Object.values(ids)[0] as string,
        ]),
      );
      assert.ok(rows[0]?.concept_ids.includes(concept.id), `round ${round}`);
    }
    await isConsistent();
  });
});
