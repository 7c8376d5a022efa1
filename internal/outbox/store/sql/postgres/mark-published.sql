-- Marks events published where the relay still holds their partition at that epoch. The share lock keeps a
-- rival from claiming the partition until this has committed.
-- $1 relay  $2 seqs  $3 partitions  $4 epochs  $5 event ids
-- Result: seq of each that is published now, by this call or by an earlier one whose answer was lost. What is
-- missing was held off by the fence, or is gone (a restored database may give its seq to another event).
WITH outcome AS (
  SELECT * FROM unnest($2::bigint[], $3::int[], $4::bigint[], $5::uuid[]) AS f (seq, partition_no, epoch, event_id)
), held AS (
  SELECT p.partition_no, p.epoch
    FROM outbox_partition p
   WHERE p.owner = $1 AND p.partition_no IN (SELECT partition_no FROM outcome)
   ORDER BY p.partition_no
     FOR SHARE
)
UPDATE outbox_event e
   SET published_at = coalesce(e.published_at, clock_timestamp())
  FROM outcome f JOIN held h ON h.partition_no = f.partition_no AND h.epoch = f.epoch
 WHERE e.seq = f.seq AND e.partition_no = f.partition_no AND e.event_id = f.event_id
RETURNING e.seq
