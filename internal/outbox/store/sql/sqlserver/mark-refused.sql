-- Writes one refusal where the relay still holds the partition at that epoch.
-- The first update changes nothing but locks the lease: a
-- claim waits for this to commit, and this for a claim.
-- @relay  @seq  @event_id  @partition_no  @epoch  @attempts  @error  @dead
-- Result: seq when it was written.
BEGIN TRANSACTION;
UPDATE outbox_partition
   SET epoch = epoch
 WHERE partition_no = @partition_no AND owner = @relay AND epoch = @epoch;
UPDATE outbox_event
   SET attempts = @attempts, last_error = @error,
       dead_at = CASE WHEN @dead = 1 THEN SYSUTCDATETIME() ELSE NULL END
OUTPUT inserted.seq
 WHERE seq = @seq AND event_id = @event_id AND partition_no = @partition_no AND published_at IS NULL
   AND EXISTS (SELECT 1 FROM outbox_partition p
                WHERE p.partition_no = @partition_no AND p.epoch = @epoch AND p.owner = @relay);
COMMIT
