-- Gives partitions back where the epoch still matches. Rows
-- are locked in order: marks in progress lock them so too.
-- $1 relay  $2 partitions  $3 epochs
-- Result: none.
WITH held AS MATERIALIZED (
  SELECT p.partition_no, p.epoch
    FROM outbox_partition p
   WHERE p.owner = $1 AND p.partition_no = ANY ($2::int[])
   ORDER BY p.partition_no
     FOR NO KEY UPDATE
)
UPDATE outbox_partition p
   SET owner = NULL, lease_until = NULL
  FROM held h JOIN unnest($2::int[], $3::bigint[]) AS r (partition_no, epoch)
       ON r.partition_no = h.partition_no AND r.epoch = h.epoch
 WHERE p.partition_no = h.partition_no AND p.owner = $1
