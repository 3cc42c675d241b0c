-- Up Migration
-- Who knows what, facts that hold for a time, and proposals that a person or a rule decides on.

ALTER TABLE api_keys DROP CONSTRAINT api_keys_permissions_check;
ALTER TABLE api_keys ADD CONSTRAINT api_keys_permissions_check
  CHECK (permissions <@ ARRAY['read', 'write', 'decide', 'admin']::text[] AND cardinality(permissions) > 0);

-- Null: everybody knows of it.
ALTER TABLE narrative_concepts ADD COLUMN known_by text[];
ALTER TABLE concept_versions ADD COLUMN known_by text[];
ALTER TABLE story_events ADD COLUMN known_by text[], ADD COLUMN version integer NOT NULL DEFAULT 1;
-- Row-level security binds the owner too.
SELECT set_config('kb.sees', 'all', true);
UPDATE story_events SET known_by = npcs WHERE cardinality(npcs) > 0;
SELECT set_config('kb.sees', '', true);

CREATE TABLE facts (
  id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
  world_id uuid REFERENCES worlds ON DELETE CASCADE,
  subject text NOT NULL CHECK (length(subject) BETWEEN 1 AND 255),
  predicate text NOT NULL CHECK (length(predicate) BETWEEN 1 AND 100),
  object text NOT NULL CHECK (length(object) BETWEEN 1 AND 1000),
  statement text NOT NULL CHECK (length(statement) <= 5000),
  known_by text[],
  -- Times of the story.
  valid_from timestamptz(3) NOT NULL DEFAULT now(),
  valid_until timestamptz(3) CHECK (valid_until > valid_from),
  -- Whether the subject has one object at a time: accepting it ends what held before.
  exclusive boolean NOT NULL DEFAULT false,
  replaces uuid[] NOT NULL DEFAULT '{}',
  status text NOT NULL DEFAULT 'proposed' CHECK (status IN ('proposed', 'accepted', 'rejected')),
  provenance jsonb NOT NULL,
  decided_kind text CHECK (decided_kind IN ('person', 'rule')),
  decided_by text CHECK (length(decided_by) BETWEEN 1 AND 255),
  decided_at timestamptz(3),
  reason text,
  version integer NOT NULL DEFAULT 1,
  content_hash text NOT NULL,
  created_at timestamptz(3) NOT NULL DEFAULT now(),
  updated_at timestamptz(3) NOT NULL DEFAULT now(),
  CHECK (status = 'proposed' OR (decided_kind IS NOT NULL AND decided_by IS NOT NULL AND decided_at IS NOT NULL))
);
CREATE INDEX ON facts (world_id, created_at, id);
CREATE INDEX ON facts (lower(subject), lower(predicate));

-- A world may replace a fact of the canon, for itself alone: the canon's row stays as it is.
CREATE TABLE fact_replacements (
  replaced uuid NOT NULL REFERENCES facts ON DELETE CASCADE,
  by_fact uuid NOT NULL REFERENCES facts ON DELETE CASCADE,
  world_id uuid REFERENCES worlds ON DELETE CASCADE,
  PRIMARY KEY (replaced, by_fact)
);
CREATE INDEX ON fact_replacements (by_fact);

-- The first answers to requests that were sent with a key of their own.
CREATE TABLE idempotency_keys (
  caller text NOT NULL,
  key text NOT NULL,
  world_id uuid REFERENCES worlds ON DELETE CASCADE,
  fingerprint text NOT NULL,
  answer jsonb,
  created_at timestamptz(3) NOT NULL DEFAULT now(),
  PRIMARY KEY (caller, key)
);
CREATE INDEX ON idempotency_keys (created_at);

DO $$
DECLARE t text;
BEGIN
  FOREACH t IN ARRAY ARRAY['facts', 'fact_replacements', 'idempotency_keys'] LOOP
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
    EXECUTE format('GRANT SELECT, INSERT, UPDATE, DELETE ON %I TO kb_app', t);
  END LOOP;
END $$;

ALTER TABLE passages DROP CONSTRAINT passages_kind_check;
ALTER TABLE passages ADD CONSTRAINT passages_kind_check CHECK (kind IN ('document', 'concept', 'event', 'fact'));
ALTER TABLE passages ADD COLUMN valid_from timestamptz(3), ADD COLUMN valid_until timestamptz(3), ADD COLUMN known_by text[];
CREATE INDEX ON passages (generation_id, valid_until) WHERE valid_until IS NOT NULL;
CREATE INDEX ON passages (generation_id, valid_from) WHERE valid_from IS NOT NULL;
CREATE INDEX ON passages (generation_id, space, occurred_at);

CREATE OR REPLACE VIEW indexable WITH (security_invoker = true) AS
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
    FROM story_events e JOIN worlds w ON w.id = e.world_id
  UNION ALL
  SELECT 'fact', f.id, coalesce(w.space, 0), f.content_hash
    FROM facts f LEFT JOIN worlds w ON w.id = f.world_id WHERE f.status = 'accepted';

-- Down Migration
SELECT set_config('kb.sees', 'all', true);
DELETE FROM passages WHERE kind = 'fact';
DELETE FROM indexed_items WHERE kind = 'fact';
CREATE OR REPLACE VIEW indexable WITH (security_invoker = true) AS
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
ALTER TABLE passages DROP COLUMN valid_from, DROP COLUMN valid_until, DROP COLUMN known_by;
DROP TABLE idempotency_keys, fact_replacements, facts;
ALTER TABLE story_events DROP COLUMN known_by, DROP COLUMN version;
ALTER TABLE concept_versions DROP COLUMN known_by;
ALTER TABLE narrative_concepts DROP COLUMN known_by;
UPDATE api_keys SET permissions = array_remove(permissions, 'decide');
ALTER TABLE api_keys DROP CONSTRAINT api_keys_permissions_check;
ALTER TABLE api_keys ADD CONSTRAINT api_keys_permissions_check
  CHECK (permissions <@ ARRAY['read', 'write', 'admin']::text[] AND cardinality(permissions) > 0);
