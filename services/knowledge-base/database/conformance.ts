import assert from "node:assert/strict";
import { vectorBytes } from "../index/vectors";
import { canon, type Database, everything, insideWorld, type Scope, sqlState, sqlStates } from "./types";

/** What both engines must do alike. @param open Gives a migrated, empty database */
export function databaseConformance(
  engine: string,
  open: () => Promise<{ database: Database; dispose(): Promise<void> }>,
): void {
  describe(`database on ${engine}`, () => {
    let database: Database;
    let dispose: () => Promise<void>;
    before(async () => {
      ({ database, dispose } = await open());
    });
    after(() => dispose());

    const addWorld = (name: string) =>
      database.transaction(everything, async (session) => {
        const { rows } = await session.query<{ id: string }>(
          "INSERT INTO worlds (player_id, name, type) VALUES ('p', $1, 'day') RETURNING id",
          [name],
        );
        return (rows[0] as { id: string }).id;
      });

    it("gives each query of many transactions at once its own answer", async () => {
      const asked = Array.from({ length: 200 }, (_, index) => index);
      const answers = await Promise.all(
        asked.map((index) =>
          database.transaction(canon, async (session) => {
            const first = await session.query<{ n: number }>("SELECT $1::int AS n", [index]);
            const second = await session.query<{ n: number }>("SELECT $1::int + 1000 AS n", [index]);
            return [first.rows[0]?.n, second.rows[0]?.n];
          }),
        ),
      );
      assert.deepEqual(
        answers,
        asked.map((index) => [index, index + 1000]),
      );
    });

    it("rolls back when the work throws", async () => {
      await assert.rejects(
        database.transaction(everything, async (session) => {
          await session.query("INSERT INTO worlds (player_id, name, type) VALUES ('p', 'lost', 'day')");
          throw new Error("stop");
        }),
        /stop/,
      );
      const { rows } = await database.transaction(everything, (session) =>
        session.query("SELECT 1 AS one FROM worlds WHERE name = 'lost'"),
      );
      assert.equal(rows.length, 0);
    });

    it("runs requests as a role that owns nothing, and forgets the scope after each transaction", async () => {
      await addWorld("seen");
      const inside = await database.transaction(everything, (session) =>
        session.query<{ role: string; n: number }>("SELECT current_user AS role, count(*)::int AS n FROM worlds"),
      );
      assert.equal(inside.rows[0]?.role, "kb_app");
      assert.ok((inside.rows[0]?.n ?? 0) > 0);
      const outside = await database.transaction(canon, (session) =>
        session.query<{ n: number }>("SELECT count(*)::int AS n FROM worlds"),
      );
      assert.equal(outside.rows[0]?.n, 0);
    });

    it("forces row-level security on every table with words of a story, partitions included", async () => {
      // The kit's, with counts of requests, and events, of which this service has none.
      const without = ["counts", "inbox", "kit_migrations", "outbox", "outbox_sequences", "schema_migrations"];
      const { rows } = await database.asOwner((session) =>
        session.query<{ relname: string }>(
          `SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p')
           AND NOT (relrowsecurity AND relforcerowsecurity) ORDER BY relname`,
        ),
      );
      assert.deepEqual(
        rows.map(({ relname }) => relname),
        without,
      );
    });

    it("lets a world see and change itself and the canon's rows only be seen", async () => {
      const [mine, other] = [await addWorld("mine"), await addWorld("other")];
      const event = (world: string) =>
        database.transaction(insideWorld(mine), (session) =>
          session.query("INSERT INTO story_events (world_id, type, summary, content_hash) VALUES ($1, 't', 's', 'h')", [
            world,
          ]),
        );
      await event(mine);
      await assert.rejects(event(other), (error) => sqlState(error) === sqlStates.insufficientPrivilege);
      await assert.rejects(
        database.transaction(insideWorld(mine), (session) =>
          session.query(
            "INSERT INTO narrative_concepts (name, type, description, scope, content_hash) VALUES ('c', 't', 'd', 'global', 'h')",
          ),
        ),
        (error) => sqlState(error) === sqlStates.insufficientPrivilege,
      );
      const seen = await database.transaction(insideWorld(other), (session) =>
        session.query("SELECT 1 AS one FROM story_events"),
      );
      assert.equal(seen.rows.length, 0);
    });

    it("keeps a concept's name unique without regard to case, also where no world is set", async () => {
      const add = (name: string) =>
        database.transaction(everything, (session) =>
          session.query(
            "INSERT INTO narrative_concepts (name, type, description, scope, content_hash) VALUES ($1, 't', 'd', 'global', 'h')",
            [name],
          ),
        );
      await add("Unique");
      await assert.rejects(add("uNIQUE"), (error) => sqlState(error) === sqlStates.uniqueViolation);
    });

    it("answers a prepared statement for any values, before and after one that it fails for", async () => {
      const divided = (by: number) =>
        database.transaction(canon, async (session) => {
          const { rows } = await session.prepared<{ n: number; sees: string }>(
            "SELECT 12 / $1::int AS n, kb_sees() AS sees",
            [by],
          );
          return rows[0];
        });
      assert.deepEqual(await divided(3), { n: 4, sees: "canon" });
      await assert.rejects(divided(0), (error) => sqlState(error) === "22012");
      assert.deepEqual(await divided(6), { n: 2, sees: "canon" });
      const wrong = () => database.transaction(canon, (session) => session.prepared("SELECT $1::int + nothing", [1]));
      for (const attempt of [wrong, wrong]) {
        await assert.rejects(attempt(), (error) => sqlState(error) === "42703");
      }
    });

    it("plans a prepared statement for whoever asks: rows of one scope never reach the next", async () => {
      const world = await addWorld("prepared");
      const seen = async (scope: Scope) => {
        const { rows } = await database.transaction(scope, (session) =>
          session.prepared<{ id: string }>("SELECT id FROM worlds WHERE name = $1", ["prepared"]),
        );
        return rows.map(({ id }) => id);
      };
      for (let round = 0; round < 2; round += 1) {
        assert.deepEqual(await seen(insideWorld(world)), [world]);
        assert.deepEqual(await seen(canon), []);
      }
    });

    it("takes and gives arrays, JSON, bytes, times and vectors", async () => {
      const at = new Date("2026-01-02T03:04:05.678Z");
      const { rows } = await database.transaction(canon, (session) =>
        session.query<{ a: number[]; t: string[]; j: unknown; b: Uint8Array; at: Date; d: number; v: string }>(
          `SELECT $1::int[] AS a, $2::text[] AS t, $3::jsonb AS j, $4::bytea AS b, $5::timestamptz AS at,
             ('[1,0]'::vector <=> $6::vector) AS d, ($7::vector)::text AS v`,
          [
            [1, 2],
            ['a"b', "c\\d,e"],
            JSON.stringify({ x: [1] }),
            Buffer.from([0, 255, 7]),
            at,
            "[0,1]",
            vectorBytes(Float32Array.of(0.5, -3)),
          ],
        ),
      );
      const row = rows[0];
      assert.deepEqual(row?.a, [1, 2]);
      assert.deepEqual(row?.t, ['a"b', "c\\d,e"]);
      assert.deepEqual(row?.j, { x: [1] });
      assert.deepEqual([...(row?.b ?? [])], [0, 255, 7]);
      assert.equal(row?.at.toISOString(), at.toISOString());
      assert.equal(row?.d, 1);
      assert.equal(row?.v, "[0.5,-3]");
    });

    it("refuses a zero vector", async () => {
      await assert.rejects(
        database.transaction(everything, (session) =>
          session.query(
            "INSERT INTO embedding_cache (embedder, embedder_version, text_hash, embedding) VALUES ('e', 'v', 'h', $1)",
            [`[${new Array(1024).fill(0).join(",")}]`],
          ),
        ),
        (error) => sqlState(error) === sqlStates.checkViolation,
      );
    });
  });
}
