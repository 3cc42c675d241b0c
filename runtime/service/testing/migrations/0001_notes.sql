-- Up Migration
CREATE TABLE notes (
  id text PRIMARY KEY,
  owner text NOT NULL,
  words text NOT NULL,
  count integer NOT NULL DEFAULT 0,
  -- Nobody is told.
  secret text NOT NULL DEFAULT 'a secret of the table',
  version integer NOT NULL DEFAULT 1,
  changed_at timestamptz(3) NOT NULL DEFAULT now()
);

-- Down Migration
DROP TABLE notes;
