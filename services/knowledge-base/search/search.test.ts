import assert from "node:assert/strict";
import { canon, everything, insideWorld, type SqlValue } from "../database/types";
import type { Generation } from "../index/generations";
import { vectorBytes } from "../index/vectors";
import { conceptAsOf, createConcept, listConcepts, reviseConcept } from "../items/concepts";
import { deleteDocument } from "../items/documents";
import { recordEvent } from "../items/events";
import { neighbours, relate } from "../items/relationships";
import { deleteWorld, type World } from "../items/worlds";
import { type TestMemory, testMemory } from "../testing/memory";
import { makeWorld, stories, tell } from "../testing/stories";
import { terms } from "../text/terms";
import { findCandidates } from "./candidates";
import type { SearchFilters } from "./filters";
import { candidateScorer, lexicalQuery, lexicalStatement } from "./lexical";
import { rank } from "./search";
import { defaultSettings } from "./settings";
import { nearestStatement, worthAnIndex } from "./vector";

describe("search", () => {
  let memory: TestMemory;
  let ids: Record<string, string>;
  let north: World;
  let south: World;
  before(async () => {
    memory = await testMemory();
    ids = await tell(memory.indexer, stories);
    north = await makeWorld(memory.indexer, "north");
    south = await makeWorld(memory.indexer, "south");
  });
  after(() => memory.dispose());

  const found = async (query: string, scope = canon as Parameters<typeof rank>[1], more = {}) =>
    (await rank(memory.indexer, scope, { query, ...more })).hits.map(({ candidate }) => candidate.itemId);

  it("finds the passage for a natural question, whose words stand in no one passage together", async () => {
    for (const [query, file] of [
      ["who is guarding the gate in the north?", "01-gate.md"],
      ["which month is frostbeet harvested", "02-harvest.md"],
      ["where does the dragon sleep", "guides/dragon.md"],
      ["what do gladiators fight for", "experiences/arena.html"],
    ] as const) {
      assert.equal((await found(query))[0], ids[file], query);
    }
  });

  it("finds misspelt names by their letters", async () => {
    assert.equal((await found("Orsolia"))[0], ids["01-gate.md"]);
  });

  it("finds a name by the name, before names that share a part of it", async () => {
    const told = await tell(memory.indexer, {
      "kthar.md": "# The Warlord K'thar\n\nHe rides out of the ash with an army.",
      "kzul.md": "# The Seer K'zul\n\nHe reads the ash with an old army knife.",
      "eowyn.md": "# Éowyn\n\nShe rides to war.",
      "will.md": "# The miller\n\nEverybody calls him Will, and nobody knows why.",
      "korean.md": "# 북문\n\n기사가 북문을 지킨다. 용이 잠든다.",
    });
    for (const [query, file] of [
      ["K'thar", "kthar.md"],
      ["who is k’zul", "kzul.md"],
      ["Kthar", "kthar.md"],
      ["eowyn", "eowyn.md"],
      ["where does will live", "will.md"],
      ["Will", "will.md"],
      ["기사", "korean.md"],
      ["용", "korean.md"],
    ] as const) {
      for (const mode of ["lexical", "hybrid"] as const)
        assert.equal((await found(query, canon, { ranking: { mode } }))[0], told[file], `${mode} ${query}`);
    }
    const { hits } = await rank(memory.indexer, canon, { query: "K'thar" });
    assert.equal(hits[0]?.match, 1);
    assert.ok(hits.slice(1).every(({ match }) => match < 0.9));
    for (const id of Object.values(told)) await deleteDocument(memory.indexer, everything, id);
  });

  it("scores in SQL as it scores in the program", async () => {
    const generation = await memory.indexer.active();
    const { id } = generation;
    const settings = { ...defaultSettings(), pairWeight: 0 };
    await memory.database.transaction(canon, async (session) => {
      const query = await lexicalQuery(session, id, terms("the dragon hoards silver silver bells of the lake"));
      const values: SqlValue[] = [];
      const statement = lexicalStatement(id, query, settings, {}, (value) => `$${values.push(value)}`);
      const { rows } = await session.query<{ id: number; score: number }>(
        `WITH hidden AS (SELECT 0 AS id WHERE false) ${statement}`,
        values,
      );
      assert.ok(rows.length >= 2);
      const { candidates } = await findCandidates(session, generation, { query, vector: undefined }, settings, {});
      const score = candidateScorer(query, settings);
      const scored = new Map(candidates.map((one) => [one.id, score(one.termIds).total]));
      for (const row of rows) assert.ok(Math.abs((scored.get(row.id) as number) - row.score) < 1e-5);
    });
  });

  it("finds what has common words alone, where the rare ones bring up too little", async () => {
    const generation = await memory.indexer.active();
    await memory.database.transaction(canon, async (session) => {
      const query = await lexicalQuery(session, generation.id, terms("dragon lake gate"));
      const common = query.terms.map((one) => ({ ...one, passages: one.term === "gate" ? 1_000_000 : one.passages }));
      const byWords = async (asked: typeof query) =>
        findCandidates(session, generation, { query: asked, vector: undefined }, defaultSettings(), {});
      assert.deepEqual(await byWords({ ...query, terms: common }), await byWords(query));
    });
  });

  it("says why: words, cosine, feedback and places", async () => {
    const { hits } = await rank(memory.indexer, canon, { query: "silver bells" });
    const why = hits[0]?.explanation;
    assert.deepEqual(
      why?.terms.map(({ term }) => term),
      ["silver", "bell"],
    );
    assert.ok(why !== undefined && why.pairs > 0 && why.lexicalRank === 1 && (why.cosine ?? 0) > 0);
  });

  it("has a match that is comparable between questions, and a threshold on it", async () => {
    assert.equal((await rank(memory.indexer, canon, { query: "silver bells" })).hits[0]?.match, 1);
    const { hits } = await rank(memory.indexer, canon, { query: "quantum chromodynamics lattice", threshold: 0.5 });
    assert.equal(hits.length, 0);
  });

  it("answers nothing to a question without words, and to words nobody wrote", async () => {
    assert.deepEqual(await found("?!"), []);
    assert.deepEqual(await found("zzzzqqqq", canon, { ranking: { mode: "lexical" } }), []);
  });

  it("shows a world itself and the canon, never another world", async () => {
    await recordEvent(memory.indexer, insideWorld(north.id), {
      worldId: north.id,
      type: "duel",
      summary: "Kestrel won the obsidian crown.",
    });
    const concept = await createConcept(memory.indexer, insideWorld(south.id), {
      name: "Obsidian Crown",
      type: "relic",
      description: "A crown of obsidian that whispers.",
      scope: "day_world",
      worldId: south.id,
    });
    const north1 = await rank(memory.indexer, insideWorld(north.id), { query: "obsidian crown" });
    assert.ok(north1.hits.every(({ candidate }) => candidate.itemId !== concept.id));
    assert.equal(north1.hits[0]?.candidate.kind, "event");
    assert.ok((await found("obsidian crown", canon)).every((id) => Object.values(ids).includes(id)));
    assert.equal((await found("obsidian crown", insideWorld(south.id)))[0], concept.id);
  });

  it("weighs words by what the asker sees: another world's texts change no score", async () => {
    const before = await rank(memory.indexer, insideWorld(north.id), { query: "silver bells" });
    await tell(memory.indexer, { "x.md": "silver bells silver bells silver" }, { worldId: south.id });
    const after = await rank(memory.indexer, insideWorld(north.id), { query: "silver bells" });
    assert.deepEqual(
      after.hits.map(({ score, explanation }) => [score, explanation]),
      before.hits.map(({ score, explanation }) => [score, explanation]),
    );
  });

  it("filters by kind, type, scope, time and concept", async () => {
    const inNorth = insideWorld(north.id);
    assert.deepEqual(
      new Set(await found("the dragon in the arena", inNorth, { filters: { types: ["guide"] } })),
      new Set([ids["guides/dragon.md"]]),
    );
    const events = await rank(memory.indexer, inNorth, { query: "crown", filters: { kinds: ["event"] } });
    assert.deepEqual(
      events.hits.map(({ candidate }) => candidate.kind),
      ["event"],
    );
    assert.deepEqual(
      await found("crown", inNorth, { filters: { kinds: ["event"], until: "2001-01-01T00:00:00Z" } }),
      [],
    );
    const veyra = await createConcept(memory.indexer, everything, {
      name: "Veyra",
      type: "creature",
      description: "A dragon.",
      scope: "global",
    });
    const about = await found("sleeps below the glacier", canon, { filters: { conceptId: veyra.id } });
    assert.deepEqual(new Set(about), new Set([veyra.id, ids["guides/dragon.md"]]));
  });

  it("tells a canon concept as the world tells it, and as of a time", async () => {
    const moon = await createConcept(memory.indexer, everything, {
      name: "Pale Moon",
      type: "place",
      description: "It shines pale and cold.",
      scope: "global",
    });
    const first = await memory.database.transaction(canon, (session) => conceptAsOf(session, moon.id, null, undefined));
    await new Promise((resolve) => setTimeout(resolve, 5));
    await reviseConcept(memory.indexer, insideWorld(north.id), moon.id, {
      description: "It shattered into embers.",
      worldId: north.id,
    });
    const asSeen = async (scope: typeof canon | ReturnType<typeof insideWorld>, world: string | null, at?: Date) =>
      (await memory.database.transaction(scope, (session) => conceptAsOf(session, moon.id, world, at)))?.description;
    assert.equal(await asSeen(insideWorld(north.id), north.id), "It shattered into embers.");
    assert.equal(await asSeen(insideWorld(north.id), north.id, first?.validFrom), "It shines pale and cold.");
    assert.equal(await asSeen(insideWorld(south.id), south.id), "It shines pale and cold.");
    const hits = (
      await rank(memory.indexer, insideWorld(north.id), { query: "pale moon shattered embers", group: "passage" })
    ).hits;
    assert.equal(hits.filter(({ candidate }) => candidate.itemId === moon.id).length, 1);
    assert.ok(
      (await rank(memory.indexer, insideWorld(south.id), { query: "embers", ranking: { mode: "lexical" } })).hits
        .length === 0,
    );
  });

  it("gives a world what is its own, however much the canon has", async () => {
    const many = await testMemory();
    try {
      const world = await makeWorld(many.indexer, "small");
      const own = insideWorld(world.id);
      const made = await Promise.all(
        Array.from({ length: 30 }, (_, at) =>
          createConcept(many.indexer, everything, {
            name: `Lantern ${at}`,
            type: "thing",
            description: "A lantern that glows.",
            scope: "global",
          }),
        ),
      );
      for (const { id } of made) {
        await reviseConcept(many.indexer, own, id, { description: "A lantern that glows no more.", worldId: world.id });
      }
      const ranking = { candidates: 20 } as const;
      for (const mode of ["lexical", "vector", "hybrid"] as const) {
        const { hits } = await rank(many.indexer, own, { query: "lantern glows", ranking: { ...ranking, mode } });
        assert.ok(hits.length >= 20, `${mode}: ${hits.length} of 30 tellings`);
      }
      const listed = await many.database.transaction(own, (session) =>
        listConcepts(session, { canonOnly: false, ownOf: world.id, limit: 5 }),
      );
      assert.deepEqual(listed, []);
      const mine = await createConcept(many.indexer, own, {
        name: "Own",
        type: "thing",
        description: "Of this world.",
        scope: "day_world",
        worldId: world.id,
      });
      const after = await many.database.transaction(own, (session) =>
        listConcepts(session, { canonOnly: false, ownOf: world.id, limit: 5 }),
      );
      assert.deepEqual(
        after.map(({ id }) => id),
        [mine.id],
      );
    } finally {
      await many.dispose();
    }
  });

  it("walks relationships by strength, within depth and fan-out, through cycles once", async () => {
    const make = (name: string) =>
      createConcept(memory.indexer, everything, { name, type: "node", description: name, scope: "global" });
    const [a, b, c, d] = await Promise.all(["Na", "Nb", "Nc", "Nd"].map(make));
    await memory.database.transaction(everything, async (session) => {
      for (const [from, to, strength] of [
        [a, b, 0.9],
        [b, c, 0.5],
        [c, a, 0.1],
        [c, d, 0.8],
      ] as const) {
        await relate(session, {
          from: from?.id as string,
          to: to?.id as string,
          type: "knows",
          strength,
          worldId: null,
        });
      }
    });
    const around = (options: object) =>
      memory.database.transaction(canon, (session) => neighbours(session, a?.id as string, options));
    assert.deepEqual(
      (await around({ depth: 1 })).map(({ name }) => name),
      ["Nb", "Nc"],
    );
    assert.deepEqual(
      (await around({ depth: 1, fanOut: 1 })).map(({ name }) => name),
      ["Nb"],
    );
    assert.deepEqual(
      (await around({ depth: 4 })).map(({ name, depth }) => [name, depth]),
      [
        ["Nb", 1],
        ["Nc", 1],
        ["Nd", 2],
      ],
    );
    assert.deepEqual(await around({ depth: 4, types: ["hates"] }), []);
  });

  it("forgets what is deleted, and a world with everything in it", async () => {
    await deleteDocument(memory.indexer, everything, ids["notes.txt"] as string);
    assert.ok(!(await found("ferryman black lake")).includes(ids["notes.txt"] as string));
    await deleteWorld(memory.indexer, south.id);
    const left = await memory.database.transaction(everything, (session) =>
      session.query<{ n: number }>(
        "SELECT count(*)::int AS n FROM passages p WHERE NOT EXISTS (SELECT FROM indexable i WHERE i.id = p.item_id)",
      ),
    );
    assert.equal(left.rows[0]?.n, 0);
    const wrong = await memory.database.transaction(everything, (session) =>
      session.query(
        `SELECT t.id FROM terms t LEFT JOIN postings p ON p.term_id = t.id GROUP BY t.id, t.passages HAVING t.passages <> count(p.passage_id)`,
      ),
    );
    assert.deepEqual(wrong.rows, [], "document frequencies agree with the postings");
  });
});

describe("the vector leg", () => {
  const words = ["amber", "basalt", "cobalt", "dune", "ember", "fjord", "grove", "heath", "isle", "jade"];
  const most = 10;
  let memory: TestMemory;
  let worlds: World[];
  let generation: Generation;
  before(async () => {
    memory = await testMemory();
    worlds = [];
    for (let index = 0; index < 6; index += 1) {
      const world = await makeWorld(memory.indexer, `w${index}`);
      worlds.push(world);
      const texts = Object.fromEntries(
        Array.from({ length: 15 }, (_, at) => [
          `${at}.txt`,
          `${words[at % 10]} ${words[(at + index) % 10]} tale ${at}`,
        ]),
      );
      await tell(memory.indexer, texts, { worldId: world.id, type: index === 0 ? "guide" : "main" });
    }
    generation = await memory.indexer.active();
    const { rows } = await memory.database.transaction(everything, (session) =>
      session.query<{ built: number }>("SELECT kb_build_vector_indexes($1, 15) AS built", [generation.id]),
    );
    assert.equal(rows[0]?.built, worlds.length, "an index for each space that is large enough");
  });
  after(() => memory.dispose());

  it("finds as many passages as asked for, in each of many worlds", async () => {
    for (const world of worlds) {
      const { hits } = await rank(memory.indexer, insideWorld(world.id), {
        query: "amber tale",
        ranking: { mode: "vector", candidates: most },
      });
      assert.equal(hits.length, most);
    }
  });

  /** Runs the statement as for a world of `passages`, with the planner's ways to sort closed where `byIndex`. */
  const nearest = (world: World, passages: number, filters: SearchFilters, byIndex = false) =>
    memory.database.transaction(insideWorld(world.id), async (session) => {
      const { rows: visible } = await session.query<{ space: number }>("SELECT space FROM worlds");
      const embedder = await memory.indexer.embedderOf(generation);
      const [vector] = await embedder.embed(["amber tale"], "query");
      const values: SqlValue[] = [vectorBytes(vector as Float32Array)];
      const spaces = visible.map(({ space }) => ({ space, passages }));
      const settings = { ...defaultSettings(), candidates: most };
      const statement = nearestStatement(
        generation,
        "$1",
        spaces,
        settings,
        filters,
        (value) => `$${values.push(value)}`,
      );
      const text = `WITH hidden AS (SELECT 0 AS id WHERE false), nearest AS (${statement})
        SELECT round((p.embedding <=> $1)::numeric, 5)::text AS far FROM nearest JOIN passages p USING (id) WHERE p.generation_id = ${generation.id} ORDER BY 1`;
      if (byIndex)
        for (const way of ["seqscan", "sort", "bitmapscan"]) await session.query(`SET LOCAL enable_${way} = off`);
      const { rows } = await session.query<{ far: string }>(text, values);
      const { rows: plan } = await session.query<Record<"QUERY PLAN", string>>(`EXPLAIN ${text}`, values);
      return { distances: rows.map(({ far }) => far), plan: plan.map((row) => row["QUERY PLAN"]).join("\n") };
    });
  const small = worthAnIndex - 1;

  it("reads a small space whole, and a large one by its own index, and both find the same", async () => {
    for (const world of worlds.slice(0, 2)) {
      const whole = await nearest(world, small, {});
      assert.doesNotMatch(whole.plan, /hnsw/);
      const byIndex = await nearest(world, worthAnIndex, {}, true);
      assert.match(byIndex.plan, /hnsw/);
      assert.equal(byIndex.distances.length, most);
      assert.deepEqual(byIndex.distances, whole.distances);
    }
  });

  it("leaves out what a filter leaves out, by index as in whole", async () => {
    const [world] = worlds as [World];
    for (const filters of [{ types: ["guide"] }, { types: ["main"] }, { since: "2000-01-01T00:00:00Z" }]) {
      const whole = await nearest(world, small, filters);
      assert.equal(whole.distances.length, filters.types?.[0] === "main" ? 0 : most);
      const byIndex = await nearest(world, worthAnIndex, filters, true);
      assert.deepEqual(byIndex.distances, whole.distances, JSON.stringify(filters));
    }
  });
});
