-- Up Migration
CREATE TABLE api_keys (
  id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
  name text NOT NULL UNIQUE CHECK (length(name) BETWEEN 1 AND 100),
  -- SHA-256 of the key; a key has 256 random bits, so a slow hash would guard nothing.
  key_hash text NOT NULL UNIQUE,
  scopes text[] NOT NULL CHECK (scopes <@ ARRAY['generate', 'embed']::text[] AND cardinality(scopes) > 0),
  requests_per_minute integer NOT NULL CHECK (requests_per_minute > 0),
  -- Prompt and answer together, per UTC day; null is no budget.
  tokens_per_day bigint CHECK (tokens_per_day > 0),
  expires_at timestamptz(3),
  revoked_at timestamptz(3),
  created_at timestamptz(3) NOT NULL DEFAULT now()
);

-- Counts of the current windows, where there is no cache to count in. They outlive no crash and need no write-ahead log.
CREATE UNLOGGED TABLE counts (
  subject text NOT NULL,
  bucket text NOT NULL,
  window_start bigint NOT NULL,
  amount bigint NOT NULL,
  PRIMARY KEY (subject, bucket)
);

CREATE TABLE npc_turns (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  -- Name of the key whose characters these are.
  tenant text NOT NULL,
  npc_id text NOT NULL,
  archetype text NOT NULL,
  asked text NOT NULL,
  answered text NOT NULL,
  tier text NOT NULL,
  at timestamptz(3) NOT NULL
);
CREATE INDEX ON npc_turns (tenant, npc_id, at);

-- Down Migration
DROP TABLE npc_turns, counts, api_keys;
