-- Up Migration
-- A change of a world may name the version that it was meant for, as one of an event or a fact does.
ALTER TABLE worlds ADD COLUMN version integer NOT NULL DEFAULT 1;

-- Down Migration
ALTER TABLE worlds DROP COLUMN version;
