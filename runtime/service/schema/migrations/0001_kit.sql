-- Up Migration
-- What the kit of services keeps in each service's own database. A service that had one of these tables before keeps its own.

CREATE TABLE IF NOT EXISTS api_keys (
  id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
  name text NOT NULL CHECK (length(name) BETWEEN 1 AND 100),
  -- SHA-256 of the key; a key has 256 random bits, so a slow hash would guard nothing.
  key_hash text NOT NULL UNIQUE,
  scopes text[] NOT NULL CHECK (cardinality(scopes) > 0),
  requests_per_minute integer NOT NULL CHECK (requests_per_minute > 0),
  expires_at timestamptz(3),
  revoked_at timestamptz(3),
  created_at timestamptz(3) NOT NULL DEFAULT now()
);
-- The name of a key that was revoked may be given again.
CREATE UNIQUE INDEX IF NOT EXISTS api_keys_name ON api_keys (name) WHERE revoked_at IS NULL;

-- Counts of the current windows. They outlive no crash and need no write-ahead log.
CREATE UNLOGGED TABLE IF NOT EXISTS counts (
  subject text NOT NULL,
  bucket text NOT NULL,
  window_start bigint NOT NULL,
  amount bigint NOT NULL,
  PRIMARY KEY (subject, bucket)
);

-- The first answer to each write that came with an Idempotency-Key, written in the transaction of that write.
CREATE TABLE IF NOT EXISTS idempotency_keys (
  -- Who sent it: another caller's key of the same text is another one.
  caller text NOT NULL,
  key text NOT NULL,
  -- SHA-256 of method, path and body.
  request_hash text NOT NULL,
  -- Null only inside the transaction that makes the answer.
  status smallint,
  headers jsonb,
  body text,
  expires_at timestamptz(3) NOT NULL,
  PRIMARY KEY (caller, key)
);
CREATE INDEX ON idempotency_keys (expires_at);

-- Last sequence number of each subject. Its row is locked until the transaction that takes a number ends, so that numbers of a
-- subject are committed in their order.
CREATE TABLE outbox_sequences (
  subject text PRIMARY KEY,
  sequence bigint NOT NULL
);

-- Events to be published, written in the transaction of the change that they tell of.
CREATE TABLE outbox (
  id uuid PRIMARY KEY,
  subject text NOT NULL,
  sequence bigint NOT NULL,
  type text NOT NULL,
  -- The event as it is published, CloudEvents 1.0.
  event jsonb NOT NULL,
  created_at timestamptz(3) NOT NULL DEFAULT now(),
  sent_at timestamptz(3),
  UNIQUE (subject, sequence)
);
CREATE INDEX outbox_unsent ON outbox (subject, sequence) WHERE sent_at IS NULL;
CREATE INDEX outbox_sent ON outbox (sent_at) WHERE sent_at IS NOT NULL;

-- Events that have been applied, written in the transaction of their effect.
CREATE TABLE inbox (
  source text NOT NULL,
  id text NOT NULL,
  applied_at timestamptz(3) NOT NULL DEFAULT now(),
  PRIMARY KEY (source, id)
);
CREATE INDEX ON inbox (applied_at);

-- Down Migration
DROP TABLE inbox, outbox, outbox_sequences, idempotency_keys;
