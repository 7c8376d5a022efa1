-- Partitions that are free or whose lease has expired, in random order, at most @limit.
SELECT TOP (@limit) partition_no
  FROM outbox_partition
 WHERE owner IS NULL OR lease_until < SYSUTCDATETIME()
 ORDER BY NEWID()
