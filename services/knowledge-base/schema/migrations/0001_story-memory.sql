-- Up Migration
-- The story memory: the canon and the worlds that differ from it. Row-level security reads two settings that every transaction
-- makes: kb.sees (canon, world or all) and kb.world. Without them nothing is visible.

CREATE EXTENSION IF NOT EXISTS vector;

DO $$
BEGIN
  IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'kb_app') THEN CREATE ROLE kb_app NOLOGIN; END IF;
  -- On RDS the service logs in as this role with an IAM token. Where the role was made beforehand, the owner of this database may
  -- not grant rds_iam and need not.
  IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'rds_iam') THEN
    IF NOT (SELECT rolcanlogin FROM pg_roles WHERE rolname = 'kb_app') THEN ALTER ROLE kb_app LOGIN; END IF;
    IF NOT pg_has_role('kb_app', 'rds_iam', 'MEMBER') THEN GRANT rds_iam TO kb_app; END IF;
  END IF;
  IF NOT pg_has_role(current_user, 'kb_app', 'MEMBER') THEN EXECUTE format('GRANT kb_app TO %I', current_user); END IF;
END $$;
GRANT USAGE ON SCHEMA public TO kb_app;

CREATE FUNCTION kb_sees() RETURNS text LANGUAGE sql STABLE PARALLEL SAFE
  AS $$ SELECT current_setting('kb.sees', true) $$;
CREATE FUNCTION kb_world() RETURNS uuid LANGUAGE sql STABLE PARALLEL SAFE
  AS $$ SELECT nullif(current_setting('kb.world', true), '')::uuid $$;

CREATE TABLE worlds (
  id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
  -- Small number that stands for the world in the index; 0 is the global canon.
  space integer GENERATED ALWAYS AS IDENTITY UNIQUE,
  player_id text NOT NULL CHECK (length(player_id) BETWEEN 1 AND 255),
  name text NOT NULL CHECK (length(name) BETWEEN 1 AND 255),
  type text NOT NULL CHECK (type IN ('day', 'dark', 'experience')),
  state jsonb NOT NULL DEFAULT '{}',
  active boolean NOT NULL DEFAULT true,
  created_at timestamptz(3) NOT NULL DEFAULT now(),
  updated_at timestamptz(3) NOT NULL DEFAULT now(),
  UNIQUE (player_id, name)
);

CREATE TABLE narrative_documents (
  id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
  -- The collection that a sweep is confined to, and the path inside it.
  source text NOT NULL CHECK (length(source) BETWEEN 1 AND 255),
  source_file text NOT NULL CHECK (length(source_file) BETWEEN 1 AND 1024),
  world_id uuid REFERENCES worlds ON DELETE CASCADE,
  type text NOT NULL CHECK (type IN ('main', 'guide', 'experience')),
  title text NOT NULL,
  media_type text NOT NULL CHECK (media_type IN ('text/markdown', 'text/html', 'text/plain')),
  content text NOT NULL,
  content_hash text NOT NULL,
  simhash bigint NOT NULL,
  created_at timestamptz(3) NOT NULL DEFAULT now(),
  updated_at timestamptz(3) NOT NULL DEFAULT now(),
  UNIQUE NULLS NOT DISTINCT (source, source_file, world_id)
);
CREATE INDEX ON narrative_documents (world_id, updated_at, id);

CREATE TABLE narrative_concepts (
  id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
  name text NOT NULL CHECK (length(name) BETWEEN 1 AND 255),
  type text NOT NULL CHECK (length(type) BETWEEN 1 AND 50),
  description text NOT NULL CHECK (length(description) <= 5000),
  scope text NOT NULL CHECK (scope IN ('global', 'day_world', 'dark_world', 'experience')),
  world_id uuid REFERENCES worlds ON DELETE CASCADE,
  sources jsonb NOT NULL DEFAULT '[]',
  content_hash text NOT NULL,
  created_at timestamptz(3) NOT NULL DEFAULT now(),
  updated_at timestamptz(3) NOT NULL DEFAULT now(),
  CHECK (scope <> 'global' OR world_id IS NULL)
);
CREATE UNIQUE INDEX narrative_concepts_name ON narrative_concepts (lower(name), world_id) NULLS NOT DISTINCT;
CREATE INDEX ON narrative_concepts (world_id, created_at, id);

CREATE TABLE concept_versions (
  id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
  concept_id uuid NOT NULL REFERENCES narrative_concepts ON DELETE CASCADE,
  -- A world may tell a concept of the canon differently: its versions stand beside the canon's.
  world_id uuid REFERENCES worlds ON DELETE CASCADE,
  player_id text,
  version integer NOT NULL CHECK (version > 0),
  name text NOT NULL,
  type text NOT NULL,
  description text NOT NULL,
  changes jsonb NOT NULL DEFAULT '{}',
  content_hash text NOT NULL,
  valid_from timestamptz(3) NOT NULL DEFAULT now(),
  UNIQUE NULLS NOT DISTINCT (concept_id, world_id, version)
);
CREATE INDEX ON concept_versions (concept_id, valid_from);

CREATE TABLE story_events (
  id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
  world_id uuid NOT NULL REFERENCES worlds ON DELETE CASCADE,
  type text NOT NULL CHECK (length(type) BETWEEN 1 AND 50),
  summary text NOT NULL CHECK (length(summary) <= 5000),
  data jsonb NOT NULL DEFAULT '{}',
  npcs text[] NOT NULL DEFAULT '{}',
  concept_ids uuid[] NOT NULL DEFAULT '{}',
  impact real NOT NULL DEFAULT 0.5 CHECK (impact BETWEEN 0 AND 1),
  content_hash text NOT NULL,
  occurred_at timestamptz(3) NOT NULL DEFAULT now(),
  recorded_at timestamptz(3) NOT NULL DEFAULT now()
);
CREATE INDEX ON story_events (world_id, occurred_at, id);

CREATE TABLE concept_relationships (
  id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
  concept_a uuid NOT NULL REFERENCES narrative_concepts ON DELETE CASCADE,
  concept_b uuid NOT NULL REFERENCES narrative_concepts ON DELETE CASCADE,
  world_id uuid REFERENCES worlds ON DELETE CASCADE,
  type text NOT NULL CHECK (length(type) BETWEEN 1 AND 50),
  strength real NOT NULL DEFAULT 0.5 CHECK (strength BETWEEN 0 AND 1),
  created_at timestamptz(3) NOT NULL DEFAULT now(),
  CHECK (concept_a <> concept_b),
  UNIQUE NULLS NOT DISTINCT (concept_a, concept_b, type, world_id)
);
CREATE INDEX ON concept_relationships (concept_b);

DO $$
DECLARE t text;
BEGIN
  FOREACH t IN ARRAY ARRAY['narrative_documents', 'narrative_concepts', 'concept_versions', 'story_events', 'concept_relationships'] LOOP
    EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY', t);
    EXECUTE format($p$CREATE POLICY seen ON %I FOR SELECT USING (
      (SELECT kb_sees()) = 'all'
      OR (world_id IS NULL AND (SELECT kb_sees()) IN ('canon', 'world'))
      OR ((SELECT kb_sees()) = 'world' AND world_id = (SELECT kb_world())))$p$, t);
    EXECUTE format($p$CREATE POLICY added ON %I FOR INSERT WITH CHECK (
      (SELECT kb_sees()) = 'all' OR ((SELECT kb_sees()) = 'world' AND world_id = (SELECT kb_world())))$p$, t);
    EXECUTE format($p$CREATE POLICY changed ON %I FOR UPDATE USING (
      (SELECT kb_sees()) = 'all' OR ((SELECT kb_sees()) = 'world' AND world_id = (SELECT kb_world())))$p$, t);
    EXECUTE format($p$CREATE POLICY removed ON %I FOR DELETE USING (
      (SELECT kb_sees()) = 'all' OR ((SELECT kb_sees()) = 'world' AND world_id = (SELECT kb_world())))$p$, t);
  END LOOP;
END $$;

ALTER TABLE worlds ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY seen ON worlds FOR SELECT USING (
  (SELECT kb_sees()) = 'all' OR ((SELECT kb_sees()) = 'world' AND id = (SELECT kb_world())));
CREATE POLICY added ON worlds FOR INSERT WITH CHECK ((SELECT kb_sees()) = 'all');
CREATE POLICY changed ON worlds FOR UPDATE USING (
  (SELECT kb_sees()) = 'all' OR ((SELECT kb_sees()) = 'world' AND id = (SELECT kb_world())));
CREATE POLICY removed ON worlds FOR DELETE USING ((SELECT kb_sees()) = 'all');

GRANT SELECT, INSERT, UPDATE, DELETE ON worlds, narrative_documents, narrative_concepts, story_events, concept_relationships TO kb_app;
-- Versions are append-only: they go only with their concept.
GRANT SELECT, INSERT ON concept_versions TO kb_app;

-- The numbers of the index spaces that this transaction may see.
CREATE FUNCTION kb_spaces() RETURNS integer[] LANGUAGE sql STABLE
  AS $$ SELECT CASE kb_sees()
    WHEN 'canon' THEN ARRAY[0]
    WHEN 'world' THEN ARRAY[0] || ARRAY(SELECT space FROM worlds WHERE id = kb_world())
    WHEN 'all' THEN NULL
    ELSE ARRAY[]::integer[] END $$;

-- Down Migration
DROP TABLE concept_relationships, story_events, concept_versions, narrative_concepts, narrative_documents, worlds CASCADE;
DROP FUNCTION kb_spaces, kb_sees, kb_world;
