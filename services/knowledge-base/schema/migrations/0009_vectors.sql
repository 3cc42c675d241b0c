-- Up Migration
-- Vectors as long as their embedder makes them, and vector indexes for large spaces only: each holds one space, so that what other
-- worlds tell neither slows a search nor takes the place of its hits. Small spaces are read whole, by (generation_id, space, ...).

-- Data definition sees what the owner sees, and row-level security binds the owner too.
SELECT set_config('kb.sees', 'all', true);

DO $$
DECLARE i regclass;
BEGIN
  FOR i IN SELECT x.indexrelid::regclass FROM pg_index x JOIN pg_class c ON c.oid = x.indexrelid JOIN pg_am a ON a.oid = c.relam
    WHERE a.amname = 'hnsw' AND x.indrelid IN (SELECT inhrelid FROM pg_inherits WHERE inhparent = 'passages'::regclass)
  LOOP
    EXECUTE format('DROP INDEX %s', i);
  END LOOP;
END $$;
ALTER TABLE passages ALTER COLUMN embedding TYPE vector;
ALTER TABLE passages ALTER COLUMN embedding SET STORAGE PLAIN;
ALTER TABLE embedding_cache ALTER COLUMN embedding TYPE vector;
-- Until now every vector was filled up to this length.
UPDATE generations SET dimensions = 1024;

-- The first columns of the index by time serve as well.
DROP INDEX passages_generation_id_space_idx;
CREATE INDEX ON passages (generation_id, space, kind, occurred_at);
CREATE INDEX ON passages (generation_id, space, type, occurred_at);
CREATE INDEX ON passages USING gin (concept_ids);

CREATE OR REPLACE FUNCTION kb_add_partitions(generation integer) RETURNS void LANGUAGE plpgsql SECURITY DEFINER
  SET search_path = public, pg_temp AS $$
  DECLARE size integer;
  BEGIN
    PERFORM kb_require_all();
    size := (SELECT dimensions FROM generations WHERE id = generation);
    EXECUTE format('CREATE TABLE passages_%s PARTITION OF passages (CHECK (vector_dims(embedding) = %s)) FOR VALUES IN (%s)',
      generation, size, generation);
    EXECUTE format('CREATE TABLE postings_%s PARTITION OF postings FOR VALUES IN (%s)', generation, generation);
    EXECUTE format('ALTER TABLE passages_%s ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY', generation);
    EXECUTE format('ALTER TABLE postings_%s ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY', generation);
  END $$;

DROP FUNCTION kb_build_vector_index;
-- Builds the vector index of each space that has enough passages and none yet; returns how many were built.
CREATE FUNCTION kb_build_vector_indexes(generation integer, worth integer) RETURNS integer LANGUAGE plpgsql SECURITY DEFINER
  SET search_path = public, pg_temp AS $$
  DECLARE size integer; large integer; built integer := 0;
  BEGIN
    PERFORM kb_require_all();
    size := (SELECT dimensions FROM generations WHERE id = generation);
    PERFORM set_config('maintenance_work_mem', '256MB', true);
    -- Parallel builds before pgvector 0.8.2 may overflow a buffer (CVE-2026-3172).
    IF (SELECT string_to_array(extversion, '.')::integer[] < ARRAY[0, 8, 2] FROM pg_extension WHERE extname = 'vector') THEN
      PERFORM set_config('max_parallel_maintenance_workers', '0', true);
    END IF;
    FOR large IN SELECT s.space FROM space_sizes s WHERE s.generation_id = generation AND s.passages >= worth
      AND to_regclass(format('passages_%s_hnsw_%s', generation, s.space)) IS NULL
    LOOP
      EXECUTE format('CREATE INDEX passages_%s_hnsw_%s ON passages_%s USING hnsw ((embedding::vector(%s)) vector_cosine_ops)
        WHERE space = %s', generation, large, generation, size, large);
      built := built + 1;
    END LOOP;
    RETURN built;
  END $$;

-- After a bulk of writes: the planner has to know what is stored now.
CREATE FUNCTION kb_analyze(generation integer) RETURNS void LANGUAGE plpgsql SECURITY DEFINER
  SET search_path = public, pg_temp AS $$
  BEGIN
    PERFORM kb_require_all();
    EXECUTE format('ANALYZE passages_%s, postings_%s', generation, generation);
  END $$;

-- The spaces that a transaction sees are looked up once, when it says what it sees: every policy asks for them.
CREATE OR REPLACE FUNCTION kb_enter(sees text, world text) RETURNS void LANGUAGE plpgsql
  AS $$ DECLARE own integer;
  BEGIN
    PERFORM set_config('kb.sees', sees, true), set_config('kb.world', world, true), set_config('kb.spaces', '{0}', true);
    IF sees = 'world' THEN
      own := (SELECT space FROM worlds WHERE id = world::uuid);
      IF own IS NULL THEN RAISE EXCEPTION 'no such world' USING ERRCODE = 'KB404'; END IF;
      PERFORM set_config('kb.spaces', format('{0,%s}', own), true);
    END IF;
  END $$;
CREATE OR REPLACE FUNCTION kb_spaces() RETURNS integer[] LANGUAGE sql STABLE PARALLEL SAFE
  AS $$ SELECT CASE WHEN current_setting('kb.sees', true) IN ('canon', 'world')
    THEN nullif(current_setting('kb.spaces', true), '')::integer[] END $$;

-- Down Migration
-- An index of another vector length has no place in the earlier schema: the earlier program fills a new one.
SELECT set_config('kb.sees', 'all', true);
DROP FUNCTION kb_analyze, kb_build_vector_indexes;
DO $$
DECLARE g integer;
BEGIN
  FOR g IN SELECT id FROM generations WHERE dimensions <> 1024 LOOP
    EXECUTE format('DROP TABLE passages_%s, postings_%s', g, g);
    DELETE FROM generations WHERE id = g;
  END LOOP;
  FOR g IN SELECT id FROM generations LOOP
    EXECUTE (SELECT coalesce(string_agg(format('DROP INDEX %s', i.indexrelid::regclass), '; '), 'SELECT 1') FROM pg_index i
      JOIN pg_class c ON c.oid = i.indexrelid JOIN pg_am a ON a.oid = c.relam
      WHERE a.amname = 'hnsw' AND i.indrelid = format('passages_%s', g)::regclass);
  END LOOP;
END $$;
DELETE FROM embedding_cache;
ALTER TABLE embedding_cache ALTER COLUMN embedding TYPE vector(1024);
ALTER TABLE passages ALTER COLUMN embedding TYPE vector(1024);
ALTER TABLE passages ALTER COLUMN embedding SET STORAGE PLAIN;
DROP INDEX passages_concept_ids_idx, passages_generation_id_space_type_occurred_at_idx, passages_generation_id_space_kind_occurred_at_idx;
CREATE INDEX ON passages (generation_id, space);
CREATE OR REPLACE FUNCTION kb_add_partitions(generation integer) RETURNS void LANGUAGE plpgsql SECURITY DEFINER
  SET search_path = public, pg_temp AS $$
  BEGIN
    PERFORM kb_require_all();
    EXECUTE format('CREATE TABLE passages_%s PARTITION OF passages FOR VALUES IN (%s)', generation, generation);
    EXECUTE format('CREATE TABLE postings_%s PARTITION OF postings FOR VALUES IN (%s)', generation, generation);
    EXECUTE format('ALTER TABLE passages_%s ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY', generation);
    EXECUTE format('ALTER TABLE postings_%s ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY', generation);
  END $$;
CREATE FUNCTION kb_build_vector_index(generation integer) RETURNS void LANGUAGE plpgsql SECURITY DEFINER
  SET search_path = public, pg_temp AS $$
  BEGIN
    PERFORM kb_require_all();
    PERFORM set_config('maintenance_work_mem', '256MB', true);
    EXECUTE format('CREATE INDEX IF NOT EXISTS passages_%s_hnsw ON passages_%s USING hnsw (embedding vector_cosine_ops)',
      generation, generation);
    EXECUTE format('ANALYZE passages_%s', generation);
    EXECUTE format('ANALYZE postings_%s', generation);
  END $$;
CREATE OR REPLACE FUNCTION kb_enter(sees text, world text) RETURNS void LANGUAGE plpgsql
  AS $$ BEGIN
    PERFORM set_config('kb.sees', sees, true), set_config('kb.world', world, true);
    IF sees = 'world' AND NOT EXISTS (SELECT FROM worlds WHERE id = world::uuid) THEN
      RAISE EXCEPTION 'no such world' USING ERRCODE = 'KB404';
    END IF;
  END $$;
CREATE OR REPLACE FUNCTION kb_spaces() RETURNS integer[] LANGUAGE sql STABLE PARALLEL UNSAFE
  AS $$ SELECT CASE kb_sees()
    WHEN 'canon' THEN ARRAY[0]
    WHEN 'world' THEN ARRAY[0] || ARRAY(SELECT space FROM worlds WHERE id = kb_world())
    WHEN 'all' THEN NULL
    ELSE ARRAY[]::integer[] END $$;
