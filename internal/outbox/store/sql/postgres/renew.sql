-- Extends every lease the relay still holds. Rows are locked in order: marks in progress lock them so too.
-- $1 relay  $2 ttl, ms
-- Result: partition_no and epoch of each.
WITH held AS MATERIALIZED (
  SELECT partition_no FROM outbox_partition WHERE owner = $1 ORDER BY partition_no FOR NO KEY UPDATE
)
UPDATE outbox_partition
   SET lease_until = clock_timestamp() + $2::float8 * interval '1 millisecond'
 WHERE owner = $1 AND partition_no IN (SELECT partition_no FROM held)
RETURNING partition_no, epoch
