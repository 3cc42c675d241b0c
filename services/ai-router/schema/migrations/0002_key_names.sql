-- Up Migration
-- A key is changed by ending it and making another one of its name, to which its characters belong.
ALTER TABLE api_keys DROP CONSTRAINT api_keys_name_key;
CREATE UNIQUE INDEX api_keys_name ON api_keys (name) WHERE revoked_at IS NULL;

-- Down Migration
DELETE FROM api_keys old USING api_keys new
  WHERE old.revoked_at IS NOT NULL AND new.name = old.name AND (new.created_at, new.id) > (old.created_at, old.id);
DROP INDEX api_keys_name;
ALTER TABLE api_keys ADD CONSTRAINT api_keys_name_key UNIQUE (name);
