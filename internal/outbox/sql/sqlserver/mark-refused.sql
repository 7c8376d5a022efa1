-- Writes one refusal where the relay still holds the partition at that epoch; returns the seq when written.
-- Run in a transaction after touch-leases.sql.
-- @relay  @seq  @partition_no  @epoch  @attempts  @error  @dead
UPDATE outbox_event
   SET attempts = @attempts, last_error = LEFT(@error, 500),
       dead_at = CASE WHEN @dead = 1 THEN SYSUTCDATETIME() ELSE NULL END
OUTPUT inserted.seq
 WHERE seq = @seq AND published_at IS NULL
   AND EXISTS (SELECT 1 FROM outbox_partition p
                WHERE p.partition_no = @partition_no AND p.epoch = @epoch AND p.owner = @relay)
