-- Gives partitions back where the epoch still matches.
-- $1 relay  $2 partitions  $3 epochs
UPDATE outbox_partition p
   SET owner = NULL, lease_until = NULL
  FROM unnest($2::int[], $3::bigint[]) AS r (partition_no, epoch)
 WHERE p.partition_no = r.partition_no AND p.epoch = r.epoch AND p.owner = $1
