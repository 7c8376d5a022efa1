-- Marks, renewals and releases lock a relay's own leases, in the order of partitions, and look at no other relay's.
-- expanding

CREATE INDEX outbox_partition_owner ON outbox_partition (owner, partition_no) INCLUDE (epoch)
