-- Deletes at most $2 events published more than $1 ms ago. The limit stands in the
-- CTE so that it is applied once; the time is the statement's, which bounds the
-- index scan, where a running clock would have every published row looked at.
WITH old AS MATERIALIZED (
  SELECT seq
    FROM outbox_event
   WHERE published_at < statement_timestamp() - $1::float8 * interval '1 millisecond'
   ORDER BY published_at
   LIMIT $2
     FOR UPDATE SKIP LOCKED
)
DELETE FROM outbox_event WHERE seq IN (SELECT seq FROM old)
