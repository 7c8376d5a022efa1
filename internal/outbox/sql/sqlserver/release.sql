-- Gives one partition back where the epoch still matches.
-- @relay  @partition_no  @epoch
UPDATE outbox_partition
   SET owner = NULL, lease_until = NULL
 WHERE partition_no = @partition_no AND epoch = @epoch AND owner = @relay
