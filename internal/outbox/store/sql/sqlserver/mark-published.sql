-- Marks events published where the relay still holds their partition at that epoch; returns the seqs marked.
-- The first update changes nothing but locks the leases: a claim waits for this to commit, and this for a claim. Locking
-- hints would say it shorter, but some T-SQL servers ignore them.
-- @relay  @fate outbox_fate_rows
BEGIN TRANSACTION;
UPDATE outbox_partition
   SET epoch = epoch
 WHERE owner = @relay AND partition_no IN (SELECT partition_no FROM @fate);
UPDATE outbox_event
   SET published_at = SYSUTCDATETIME()
OUTPUT inserted.seq
 WHERE published_at IS NULL
   AND seq IN (SELECT f.seq
                 FROM @fate f
                 JOIN outbox_partition p ON p.partition_no = f.partition_no AND p.epoch = f.epoch AND p.owner = @relay);
COMMIT
