-- Up Migration
-- The search index. A generation is one embedder, analyzer and chunker; several stand side by side and one answers.
-- Passages and postings are partitioned by generation, so that filling one locks no other and dropping one is instant.

CREATE TABLE embedder_models (
  version text PRIMARY KEY,
  trained_on integer NOT NULL,
  data bytea NOT NULL,
  created_at timestamptz(3) NOT NULL DEFAULT now()
);

CREATE TABLE generations (
  id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  embedder text NOT NULL,
  embedder_version text NOT NULL,
  chunker_version text NOT NULL,
  dimensions integer NOT NULL,
  state text NOT NULL CHECK (state IN ('filling', 'active', 'previous')),
  created_at timestamptz(3) NOT NULL DEFAULT now(),
  activated_at timestamptz(3)
);
CREATE UNIQUE INDEX one_active_generation ON generations (state) WHERE state = 'active';
CREATE UNIQUE INDEX one_previous_generation ON generations (state) WHERE state = 'previous';
CREATE UNIQUE INDEX one_filling_generation ON generations (state) WHERE state = 'filling';

CREATE SEQUENCE passage_ids AS integer;
CREATE TABLE passages (
  generation_id integer NOT NULL,
  id integer NOT NULL DEFAULT nextval('passage_ids'),
  space integer NOT NULL,
  kind text NOT NULL CHECK (kind IN ('document', 'concept', 'event')),
  item_id uuid NOT NULL,
  type text NOT NULL,
  scope text NOT NULL,
  occurred_at timestamptz(3) NOT NULL,
  concept_ids uuid[] NOT NULL DEFAULT '{}',
  chunk_index integer NOT NULL,
  chunk_total integer NOT NULL,
  title text NOT NULL,
  heading text NOT NULL,
  content text NOT NULL,
  -- Hash of exactly what was embedded.
  text_hash text NOT NULL,
  -- Term numbers in order of the text, four bytes each, little-endian.
  term_ids bytea NOT NULL,
  -- Null where a text has nothing to embed; a zero vector would be near nothing and far from nothing.
  embedding vector(1024) CHECK (vector_norm(embedding) > 0),
  PRIMARY KEY (generation_id, id)
) PARTITION BY LIST (generation_id);
-- In the row itself: out of line the planner takes a sequential scan of the vectors for cheap, and every distance fetches them.
ALTER TABLE passages ALTER COLUMN embedding SET STORAGE PLAIN;
CREATE INDEX ON passages (generation_id, item_id, space);
CREATE INDEX ON passages (generation_id, text_hash);
CREATE INDEX ON passages (generation_id, space);

CREATE TABLE terms (
  id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  generation_id integer NOT NULL REFERENCES generations ON DELETE CASCADE,
  space integer NOT NULL,
  term text NOT NULL,
  -- Passages of the space that hold the term; kept per space so that no world can read another's from a score.
  passages integer NOT NULL CHECK (passages >= 0),
  UNIQUE (generation_id, term, space)
);

CREATE TABLE postings (
  generation_id integer NOT NULL,
  term_id integer NOT NULL,
  passage_id integer NOT NULL,
  space integer NOT NULL,
  frequency smallint NOT NULL,
  length smallint NOT NULL
) PARTITION BY LIST (generation_id);
-- Holds every column, so that a search reads no row.
CREATE INDEX ON postings (term_id, passage_id) INCLUDE (generation_id, space, frequency, length);

CREATE TABLE space_sizes (
  generation_id integer NOT NULL REFERENCES generations ON DELETE CASCADE,
  space integer NOT NULL,
  passages integer NOT NULL,
  total_length bigint NOT NULL,
  PRIMARY KEY (generation_id, space)
);

-- What a generation holds of an item; a differing hash means that the item changed since.
CREATE TABLE indexed_items (
  generation_id integer NOT NULL REFERENCES generations ON DELETE CASCADE,
  kind text NOT NULL,
  item_id uuid NOT NULL,
  space integer NOT NULL,
  content_hash text NOT NULL,
  PRIMARY KEY (generation_id, kind, item_id, space)
);

-- Everything that belongs into the index now, as the asker sees it.
CREATE VIEW indexable WITH (security_invoker = true) AS
  SELECT 'document' AS kind, d.id, coalesce(w.space, 0) AS space, d.content_hash
    FROM narrative_documents d LEFT JOIN worlds w ON w.id = d.world_id
  UNION ALL
  SELECT 'concept', c.id, coalesce(w.space, 0), c.content_hash
    FROM narrative_concepts c LEFT JOIN worlds w ON w.id = c.world_id
  UNION ALL
  SELECT 'concept', latest.concept_id, w.space, latest.content_hash
    FROM (SELECT DISTINCT ON (v.concept_id, v.world_id) v.concept_id, v.world_id, v.content_hash
          FROM concept_versions v WHERE v.world_id IS NOT NULL
          ORDER BY v.concept_id, v.world_id, v.version DESC) latest
    JOIN worlds w ON w.id = latest.world_id
    JOIN narrative_concepts c ON c.id = latest.concept_id AND c.world_id IS NULL
  UNION ALL
  SELECT 'event', e.id, w.space, e.content_hash
    FROM story_events e JOIN worlds w ON w.id = e.world_id;
GRANT SELECT ON indexable TO kb_app;

-- Vectors that were paid for and are not in a passage yet: what a killed ingestion finds again.
CREATE TABLE embedding_cache (
  embedder text NOT NULL,
  embedder_version text NOT NULL,
  text_hash text NOT NULL,
  embedding vector(1024) NOT NULL CHECK (vector_norm(embedding) > 0),
  created_at timestamptz(3) NOT NULL DEFAULT now(),
  PRIMARY KEY (embedder, embedder_version, text_hash)
);

DO $$
DECLARE t text;
BEGIN
  FOREACH t IN ARRAY ARRAY['passages', 'terms', 'postings', 'space_sizes', 'indexed_items'] LOOP
    EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY', t);
    EXECUTE format($p$CREATE POLICY seen ON %I FOR SELECT USING (
      (SELECT kb_sees()) = 'all' OR space = ANY ((SELECT kb_spaces())::integer[]))$p$, t);
    EXECUTE format($p$CREATE POLICY added ON %I FOR INSERT WITH CHECK (
      (SELECT kb_sees()) = 'all' OR (space <> 0 AND space = ANY ((SELECT kb_spaces())::integer[])))$p$, t);
    EXECUTE format($p$CREATE POLICY changed ON %I FOR UPDATE USING (
      (SELECT kb_sees()) = 'all' OR (space <> 0 AND space = ANY ((SELECT kb_spaces())::integer[])))$p$, t);
    EXECUTE format($p$CREATE POLICY removed ON %I FOR DELETE USING (
      (SELECT kb_sees()) = 'all' OR (space <> 0 AND space = ANY ((SELECT kb_spaces())::integer[])))$p$, t);
    EXECUTE format('GRANT SELECT, INSERT, UPDATE, DELETE ON %I TO kb_app', t);
  END LOOP;
  FOREACH t IN ARRAY ARRAY['generations', 'embedder_models'] LOOP
    EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY', t);
    EXECUTE format($p$CREATE POLICY seen ON %I FOR SELECT USING ((SELECT kb_sees()) IN ('canon', 'world', 'all'))$p$, t);
    EXECUTE format($p$CREATE POLICY kept ON %I FOR ALL USING ((SELECT kb_sees()) = 'all')$p$, t);
    EXECUTE format('GRANT SELECT, INSERT, UPDATE, DELETE ON %I TO kb_app', t);
  END LOOP;
END $$;
ALTER TABLE embedding_cache ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY kept ON embedding_cache FOR ALL USING ((SELECT kb_sees()) = 'all');
GRANT SELECT, INSERT, DELETE ON embedding_cache TO kb_app;
GRANT USAGE ON SEQUENCE passage_ids TO kb_app;

-- Data definition for the application's role, which owns no table. Each function refuses whoever does not see everything.
CREATE FUNCTION kb_require_all() RETURNS void LANGUAGE plpgsql
  AS $$ BEGIN
    IF kb_sees() IS DISTINCT FROM 'all' THEN RAISE EXCEPTION 'not allowed' USING ERRCODE = '42501'; END IF;
  END $$;

CREATE FUNCTION kb_add_partitions(generation integer) RETURNS void LANGUAGE plpgsql SECURITY DEFINER
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
    -- Parallel builds before pgvector 0.8.2 may overflow a buffer (CVE-2026-3172).
    IF (SELECT string_to_array(extversion, '.')::integer[] < ARRAY[0, 8, 2] FROM pg_extension WHERE extname = 'vector') THEN
      PERFORM set_config('max_parallel_maintenance_workers', '0', true);
    END IF;
    EXECUTE format('CREATE INDEX IF NOT EXISTS passages_%s_hnsw ON passages_%s USING hnsw (embedding vector_cosine_ops)',
      generation, generation);
    EXECUTE format('ANALYZE passages_%s', generation);
    EXECUTE format('ANALYZE postings_%s', generation);
  END $$;

CREATE FUNCTION kb_drop_generation(generation integer) RETURNS void LANGUAGE plpgsql SECURITY DEFINER
  SET search_path = public, pg_temp AS $$
  BEGIN
    PERFORM kb_require_all();
    IF EXISTS (SELECT FROM generations WHERE id = generation AND state = 'active') THEN
      RAISE EXCEPTION 'generation % answers searches', generation USING ERRCODE = '23514';
    END IF;
    EXECUTE format('DROP TABLE IF EXISTS passages_%s, postings_%s', generation, generation);
    DELETE FROM generations WHERE id = generation;
  END $$;

-- Down Migration
DROP VIEW indexable;
DROP TABLE embedding_cache, indexed_items, space_sizes, postings, terms, passages, generations, embedder_models CASCADE;
DROP SEQUENCE passage_ids;
DROP FUNCTION kb_drop_generation, kb_build_vector_index, kb_add_partitions, kb_require_all;
