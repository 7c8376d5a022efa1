-- Gives partitions back where the epoch still matches.
-- @relay  @leases outbox_lease_rows
-- Result: none.
UPDATE outbox_partition
   SET owner = NULL, lease_until = NULL
 WHERE owner = @relay
   AND EXISTS (SELECT 1 FROM @leases l
                WHERE l.partition_no = outbox_partition.partition_no AND l.epoch = outbox_partition.epoch)
