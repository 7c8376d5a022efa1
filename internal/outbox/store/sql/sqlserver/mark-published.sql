-- Marks events published where the relay still holds their partition at that epoch. The first update
-- changes nothing but locks the leases, in the order of partitions by the index on owner, as renew and
-- release do: a claim waits for this to commit, and this for a claim. The second does not touch leases again:
-- without row versions (RCSI) it would wait for those of other relays while it holds its own. Locking hints
-- would say it shorter, but some T-SQL servers ignore them. EXISTS, not IN: Babelfish runs an IN that names
-- the outer row once for every event of the table (1.5 s instead of 50 ms for 480 marks among 6,000).
-- @relay  @marks outbox_mark_rows, at most 1,000: more locks would become one on the whole table
-- Result: seq of each that is published now, by this call or by an earlier one whose answer was lost. What is
-- missing was held off by the fence, or is gone (a restored database may give its seq to another event).
BEGIN TRANSACTION;
DECLARE @held TABLE (partition_no INT NOT NULL PRIMARY KEY, epoch BIGINT NOT NULL);
UPDATE outbox_partition
   SET epoch = epoch
OUTPUT inserted.partition_no, inserted.epoch INTO @held (partition_no, epoch)
 WHERE owner = @relay AND partition_no IN (SELECT partition_no FROM @marks);
UPDATE outbox_event WITH (FORCESEEK)
   SET published_at = COALESCE(published_at, SYSUTCDATETIME())
OUTPUT inserted.seq
 WHERE EXISTS (SELECT 1
                 FROM @marks m
                 JOIN @held h ON h.partition_no = m.partition_no AND h.epoch = m.epoch
                WHERE m.seq = outbox_event.seq AND m.event_id = outbox_event.event_id);
COMMIT
