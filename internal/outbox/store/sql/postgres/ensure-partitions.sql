-- Creates the lease rows of partitions 0 to $1 - 1 where missing.
INSERT INTO outbox_partition (partition_no)
SELECT generate_series(0, $1::int - 1)
    ON CONFLICT (partition_no) DO NOTHING
