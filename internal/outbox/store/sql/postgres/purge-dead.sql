-- Deletes events that died long ago; the later events of their subjects are pending from then on.
-- $1 more than so many ms ago  $2 at most so many
-- Result: a row affected for each.
WITH old AS MATERIALIZED (
  SELECT seq
    FROM outbox_event
   WHERE dead_at IS NOT NULL AND published_at IS NULL
     AND dead_at < statement_timestamp() - $1::float8 * interval '1 millisecond'
   LIMIT $2
     FOR UPDATE SKIP LOCKED
)
DELETE FROM outbox_event WHERE seq IN (SELECT seq FROM old)
