-- Takes one partition if it is still free or expired; returns it with its new epoch.
-- @relay  @partition_no  @ttl ms
UPDATE outbox_partition
   SET owner = @relay, epoch = epoch + 1, lease_until = DATEADD(MILLISECOND, @ttl, SYSUTCDATETIME())
OUTPUT inserted.partition_no, inserted.epoch
 WHERE partition_no = @partition_no AND (owner IS NULL OR lease_until < SYSUTCDATETIME())
