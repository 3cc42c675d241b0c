-- Up Migration
-- What the service needs to run: jobs of ingestion, API keys, request counts.

CREATE TABLE ingest_jobs (
  id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
  source text NOT NULL,
  state text NOT NULL CHECK (state IN ('running', 'done', 'failed')),
  started_at timestamptz(3) NOT NULL DEFAULT now(),
  touched_at timestamptz(3) NOT NULL DEFAULT now(),
  finished_at timestamptz(3),
  error text
);
CREATE INDEX ON ingest_jobs (source, started_at);

CREATE TABLE ingest_items (
  job_id uuid NOT NULL REFERENCES ingest_jobs ON DELETE CASCADE,
  source_file text NOT NULL,
  action text NOT NULL CHECK (action IN ('add', 'update', 'delete')),
  state text NOT NULL CHECK (state IN ('pending', 'done', 'failed')),
  passages integer,
  error text,
  PRIMARY KEY (job_id, source_file)
);

CREATE TABLE api_keys (
  id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
  name text NOT NULL UNIQUE CHECK (length(name) BETWEEN 1 AND 100),
  -- SHA-256 of the key; a key has 256 random bits, so a slow hash would guard nothing.
  key_hash text NOT NULL UNIQUE,
  permissions text[] NOT NULL CHECK (permissions <@ ARRAY['read', 'write', 'admin']::text[] AND cardinality(permissions) > 0),
  -- A key of a world reaches the canon and that world; one without reaches every world it names.
  world_id uuid REFERENCES worlds ON DELETE CASCADE,
  requests_per_minute integer NOT NULL DEFAULT 300 CHECK (requests_per_minute > 0),
  expires_at timestamptz(3),
  revoked_at timestamptz(3),
  created_at timestamptz(3) NOT NULL DEFAULT now()
);

-- Counts that outlive no crash and need no write-ahead log.
CREATE UNLOGGED TABLE request_counts (
  subject text NOT NULL,
  bucket text NOT NULL,
  window_start timestamptz(3) NOT NULL,
  requests integer NOT NULL,
  PRIMARY KEY (subject, bucket)
);

DO $$
DECLARE t text;
BEGIN
  FOREACH t IN ARRAY ARRAY['ingest_jobs', 'ingest_items', 'api_keys', 'request_counts'] LOOP
    EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY', t);
    EXECUTE format($p$CREATE POLICY kept ON %I FOR ALL USING ((SELECT kb_sees()) = 'all')$p$, t);
    EXECUTE format('GRANT SELECT, INSERT, UPDATE, DELETE ON %I TO kb_app', t);
  END LOOP;
END $$;

-- Down Migration
DROP TABLE request_counts, api_keys, ingest_items, ingest_jobs;
