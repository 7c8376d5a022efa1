-- Extends every lease the relay still holds.
-- @relay  @ttl ms from now
-- Result: partition_no and epoch of each.
UPDATE outbox_partition
   SET lease_until = DATEADD(MILLISECOND, @ttl, SYSUTCDATETIME())
OUTPUT inserted.partition_no, inserted.epoch
 WHERE owner = @relay
