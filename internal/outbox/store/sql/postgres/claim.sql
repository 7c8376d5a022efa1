-- Takes partitions that are free or expired, at random, each with its epoch raised.
-- Materialized, so that the limit is applied once, whatever the plan.
-- $1 relay  $2 at most so many  $3 ttl, ms
-- Result: partition_no and epoch of each that was taken.
WITH free AS MATERIALIZED (
  SELECT partition_no
    FROM outbox_partition
   WHERE owner IS NULL OR lease_until < clock_timestamp()
   ORDER BY random()
   LIMIT $2
     FOR UPDATE SKIP LOCKED
)
UPDATE outbox_partition
   SET owner = $1, epoch = epoch + 1, lease_until = clock_timestamp() + $3::float8 * interval '1 millisecond'
 WHERE partition_no IN (SELECT partition_no FROM free)
   AND (owner IS NULL OR lease_until < clock_timestamp())
RETURNING partition_no, epoch
