-- Marks events published where the relay still holds their partition at that epoch; returns the seqs marked.
-- Run in a transaction after touch-leases.sql, which keeps a rival from claiming the partitions until it commits.
-- @fate (seq, partition_no, epoch, attempts, error, dead)  @relay
UPDATE outbox_event
   SET published_at = SYSUTCDATETIME()
OUTPUT inserted.seq
 WHERE published_at IS NULL
   AND seq IN (SELECT f.seq
                 FROM @fate f
                 JOIN outbox_partition p ON p.partition_no = f.partition_no AND p.epoch = f.epoch AND p.owner = @relay)
