-- Deletes events published long ago. The limit stands in the CTE so that it is applied once; the time is the
-- statement's, which bounds the index scan, where a running clock would have every published row looked at.
-- $1 more than so many ms ago  $2 at most so many
-- Result: a row affected for each.
WITH old AS MATERIALIZED (
  SELECT seq
    FROM outbox_event
   WHERE published_at < statement_timestamp() - $1::float8 * interval '1 millisecond'
   ORDER BY published_at
   LIMIT $2
     FOR UPDATE SKIP LOCKED
)
DELETE FROM outbox_event WHERE seq IN (SELECT seq FROM old)
