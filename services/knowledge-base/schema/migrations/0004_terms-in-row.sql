-- Up Migration
-- Ranking reads the terms of each candidate. Beside a vector in the row, terms of the default storage always go out of line, which
-- costs two more reads for each; a row takes a page for its vector anyway. Rows that stand already keep theirs until they are
-- written again.
ALTER TABLE passages ALTER COLUMN term_ids SET STORAGE MAIN;

-- Down Migration
ALTER TABLE passages ALTER COLUMN term_ids SET STORAGE EXTENDED;
