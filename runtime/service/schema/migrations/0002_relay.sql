-- Up Migration
-- Until when a relay has taken the events of a subject, at the first of them that is not sent; without a connection held meanwhile.
ALTER TABLE outbox ADD COLUMN taken_until timestamptz(3);

-- Down Migration
ALTER TABLE outbox DROP COLUMN taken_until;
