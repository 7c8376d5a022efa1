-- Locks the lease rows of the partitions that a relay is about to write for, by a write that changes nothing; a claim
-- waits for it, and it waits for a claim. Locking hints would say it shorter, but are ignored by some T-SQL servers.
-- @partitions (partition_no, after)  @relay
UPDATE outbox_partition
   SET epoch = epoch
 WHERE owner = @relay AND partition_no IN (SELECT partition_no FROM @partitions)
