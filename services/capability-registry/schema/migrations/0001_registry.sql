-- Up Migration
-- A rank orders versions: major, minor, patch, stage (0 preview, 1 release, 2 hotfix), number of the preview or hotfix.

CREATE TABLE engines (
  version text PRIMARY KEY,
  rank integer[] NOT NULL UNIQUE CHECK (cardinality(rank) = 5),
  released_at timestamptz(3),
  notes_url text,
  registered_at timestamptz(3) NOT NULL DEFAULT now()
);

CREATE TABLE features (
  name text PRIMARY KEY,
  title text NOT NULL,
  area text NOT NULL,
  summary text NOT NULL,
  since text NOT NULL,
  deprecated text,
  removed text,
  since_rank integer[] NOT NULL,
  deprecated_rank integer[],
  removed_rank integer[],
  -- A feature that the registry does not know yet may be named.
  replaced_by text,
  version integer NOT NULL DEFAULT 1,
  updated_at timestamptz(3) NOT NULL DEFAULT now(),
  CHECK (since_rank <= deprecated_rank),
  CHECK (deprecated_rank < removed_rank),
  CHECK (since_rank < removed_rank)
);
CREATE INDEX ON features (area, name);

-- Down Migration
DROP TABLE features, engines;
