-- Extends every lease that @relay still holds by @ttl ms from now; returns them.
UPDATE outbox_partition
   SET lease_until = DATEADD(MILLISECOND, @ttl, SYSUTCDATETIME())
OUTPUT inserted.partition_no, inserted.epoch
 WHERE owner = @relay
