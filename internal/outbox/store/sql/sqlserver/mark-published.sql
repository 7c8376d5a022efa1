-- Marks events published where the relay still holds their partition at that epoch. Returns the seqs that are
-- published now, by this call or by an earlier one whose answer was lost: what it does not return was held
-- off by the fence. The first update changes nothing but locks the leases, in the order of partitions by the
-- index on owner, as renew and release do: a claim waits for this to commit, and this for a claim. The second
-- does not touch leases again: without row versions (RCSI) it would wait for those of other relays while it
-- holds its own. Locking hints would say it shorter, but some T-SQL servers ignore them.
-- @relay  @fate outbox_fate_rows, at most 1,000: more locks would become one on the whole table
BEGIN TRANSACTION;
DECLARE @held TABLE (partition_no INT NOT NULL PRIMARY KEY, epoch BIGINT NOT NULL);
UPDATE outbox_partition
   SET epoch = epoch
OUTPUT inserted.partition_no, inserted.epoch INTO @held (partition_no, epoch)
 WHERE owner = @relay AND partition_no IN (SELECT partition_no FROM @fate);
UPDATE outbox_event WITH (FORCESEEK)
   SET published_at = COALESCE(published_at, SYSUTCDATETIME())
OUTPUT inserted.seq
 WHERE seq IN (SELECT f.seq FROM @fate f JOIN @held h ON h.partition_no = f.partition_no AND h.epoch = f.epoch);
COMMIT
