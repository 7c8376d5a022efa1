-- Creates the lease rows of partitions where missing.
-- $1 how many partitions, numbered from 0
-- Result: none.
INSERT INTO outbox_partition (partition_no)
SELECT generate_series(0, $1::int - 1)
    ON CONFLICT (partition_no) DO NOTHING
