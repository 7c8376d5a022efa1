-- Takes partitions that are free or expired, at random, each with its epoch raised. A rival may be quicker
-- between the choice and the update, which therefore asks again.
-- @relay  @limit at most so many  @ttl ms
-- Result: partition_no and epoch of each that was taken.
DECLARE @chosen TABLE (partition_no INT NOT NULL PRIMARY KEY);
INSERT INTO @chosen (partition_no)
SELECT TOP (@limit) partition_no
  FROM outbox_partition
 WHERE owner IS NULL OR lease_until < SYSUTCDATETIME()
 ORDER BY NEWID();
UPDATE outbox_partition
   SET owner = @relay, epoch = epoch + 1, lease_until = DATEADD(MILLISECOND, @ttl, SYSUTCDATETIME())
OUTPUT inserted.partition_no, inserted.epoch
 WHERE partition_no IN (SELECT partition_no FROM @chosen)
   AND (owner IS NULL OR lease_until < SYSUTCDATETIME())
