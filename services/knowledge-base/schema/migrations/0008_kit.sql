-- Up Migration
-- Keys, counts and first answers become those of the kit of services (runtime/service/schema/migrations). Replicas of the release before
-- go on working while it is taken over: what they read and write stays, `request_counts` among it.

-- The name of a key that was revoked may be given again.
ALTER TABLE api_keys DROP CONSTRAINT api_keys_name_key;
CREATE UNIQUE INDEX api_keys_name ON api_keys (name) WHERE revoked_at IS NULL;

ALTER TABLE idempotency_keys
  ALTER COLUMN fingerprint DROP NOT NULL,
  ADD COLUMN request_hash text,
  ADD COLUMN status smallint,
  ADD COLUMN headers jsonb,
  ADD COLUMN body text,
  ADD COLUMN expires_at timestamptz(3) NOT NULL DEFAULT now() + interval '7 days';

-- A row is taken before it is known which world its answer tells of.
DROP POLICY added ON idempotency_keys;
DROP POLICY changed ON idempotency_keys;
CREATE POLICY added ON idempotency_keys FOR INSERT WITH CHECK (
  (SELECT kb_sees()) = 'all' OR ((SELECT kb_sees()) = 'world' AND coalesce(world_id, (SELECT kb_world())) = (SELECT kb_world())));
CREATE POLICY changed ON idempotency_keys FOR UPDATE USING (
  (SELECT kb_sees()) = 'all' OR ((SELECT kb_sees()) = 'world' AND coalesce(world_id, (SELECT kb_world())) = (SELECT kb_world())));

-- Row-level security binds the owner too.
SELECT set_config('kb.sees', 'all', true);
UPDATE idempotency_keys SET expires_at = created_at + interval '7 days';
-- A request of the release before that is sent again is refused as the same key of another request, in place of being done twice: what
-- it asked for was kept in a form that requests are no longer held against.
INSERT INTO idempotency_keys (caller, key, world_id, fingerprint, request_hash, created_at, expires_at)
  SELECT 'service:' || caller, key, world_id, fingerprint, fingerprint, created_at, expires_at FROM idempotency_keys
  ON CONFLICT DO NOTHING;
SELECT set_config('kb.sees', '', true);

-- Down Migration
SELECT set_config('kb.sees', 'all', true);
DELETE FROM idempotency_keys WHERE fingerprint IS NULL OR caller LIKE 'service:%';
ALTER TABLE idempotency_keys
  DROP COLUMN request_hash, DROP COLUMN status, DROP COLUMN headers, DROP COLUMN body, DROP COLUMN expires_at,
  ALTER COLUMN fingerprint SET NOT NULL;
DROP POLICY added ON idempotency_keys;
DROP POLICY changed ON idempotency_keys;
CREATE POLICY added ON idempotency_keys FOR INSERT WITH CHECK (
  (SELECT kb_sees()) = 'all' OR ((SELECT kb_sees()) = 'world' AND world_id = (SELECT kb_world())));
CREATE POLICY changed ON idempotency_keys FOR UPDATE USING (
  (SELECT kb_sees()) = 'all' OR ((SELECT kb_sees()) = 'world' AND world_id = (SELECT kb_world())));
DROP INDEX api_keys_name;
ALTER TABLE api_keys ADD CONSTRAINT api_keys_name_key UNIQUE (name);
