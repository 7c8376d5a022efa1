-- Deletes at most $2 events that died more than $1 ms ago; the later events of their subjects are pending
-- from then on.
WITH old AS MATERIALIZED (
  SELECT seq
    FROM outbox_event
   WHERE dead_at IS NOT NULL AND published_at IS NULL
     AND dead_at < statement_timestamp() - $1::float8 * interval '1 millisecond'
   LIMIT $2
     FOR UPDATE SKIP LOCKED
)
DELETE FROM outbox_event WHERE seq IN (SELECT seq FROM old)
