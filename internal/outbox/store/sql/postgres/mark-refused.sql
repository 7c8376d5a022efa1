-- Writes the refusals of events where the relay still holds their partition at that epoch.
-- $1 relay  $2 seqs  $3 partitions  $4 epochs  $5 attempts  $6 errors  $7 dead  $8 event ids
-- Result: seq of each that was written.
WITH outcome AS (
  SELECT * FROM unnest($2::bigint[], $3::int[], $4::bigint[], $5::int[], $6::text[], $7::bool[], $8::uuid[])
         AS f (seq, partition_no, epoch, attempts, error, dead, event_id)
), held AS (
  SELECT p.partition_no, p.epoch
    FROM outbox_partition p
   WHERE p.owner = $1 AND p.partition_no IN (SELECT partition_no FROM outcome)
   ORDER BY p.partition_no
     FOR SHARE
)
UPDATE outbox_event e
   SET attempts = f.attempts, last_error = f.error,
       dead_at = CASE WHEN f.dead THEN clock_timestamp() END
  FROM outcome f JOIN held h ON h.partition_no = f.partition_no AND h.epoch = f.epoch
 WHERE e.seq = f.seq AND e.partition_no = f.partition_no AND e.event_id = f.event_id AND e.published_at IS NULL
RETURNING e.seq
