-- Extends every lease the relay still holds; returns them.
-- $1 relay  $2 ttl, ms
UPDATE outbox_partition
   SET lease_until = clock_timestamp() + $2::float8 * interval '1 millisecond'
 WHERE owner = $1
RETURNING partition_no, epoch
