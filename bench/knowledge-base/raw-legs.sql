-- What a search is measured against: the two legs alone, as a service without worlds, hidden passages or exact scores would ask
-- them, each with the index that it wants. postgres.ts copies the passages and postings of the memory into these tables.
CREATE TABLE raw_passages AS SELECT id, space, kind, type, occurred_at, concept_ids, known_by, embedding::vector(256) AS embedding
  FROM passages;
ALTER TABLE raw_passages ALTER COLUMN embedding SET STORAGE PLAIN;
ALTER TABLE raw_passages ADD PRIMARY KEY (id);
CREATE INDEX raw_passages_vector ON raw_passages USING hnsw (embedding vector_cosine_ops);
CREATE INDEX raw_passages_space ON raw_passages (space, kind);
CREATE INDEX raw_passages_type ON raw_passages (space, type);
CREATE INDEX raw_passages_time ON raw_passages (space, occurred_at);
CREATE INDEX raw_passages_concepts ON raw_passages USING gin (concept_ids);

-- BM25 with its weights computed beforehand: k1 1.2, b 0.75, over all passages.
CREATE TABLE raw_postings AS
  WITH corpus AS (SELECT count(*)::float8 AS size, avg(octet_length(term_ids) / 4)::float8 AS length FROM passages),
    terms_of AS (SELECT term, sum(passages)::float8 AS passages FROM terms GROUP BY term)
  SELECT t.term, p.passage_id AS id, (ln(1 + (corpus.size - terms_of.passages + 0.5) / (terms_of.passages + 0.5))
      * p.frequency * 2.2 / (p.frequency + 1.2 * (0.25 + 0.75 * p.length / corpus.length)))::real AS weight
  FROM postings p JOIN terms t ON t.id = p.term_id JOIN terms_of ON terms_of.term = t.term, corpus;
CREATE INDEX raw_postings_term ON raw_postings (term) INCLUDE (id, weight);
VACUUM ANALYZE raw_passages;
VACUUM ANALYZE raw_postings;

-- The legs, with the conditions of a filter in place of FILTER:
--   SELECT p.id FROM raw_passages p WHERE p.space = ANY ($2) AND FILTER ORDER BY p.embedding <=> $1 LIMIT 120
--   SELECT r.id, sum(r.weight) AS score FROM raw_postings r JOIN raw_passages p ON p.id = r.id
--     WHERE r.term = ANY ($1) AND p.space = ANY ($2) AND FILTER GROUP BY r.id ORDER BY score DESC LIMIT 120
