-- Creates the lease rows of partitions where missing; a rival
-- that creates one first makes it fail with 2627: run it again.
-- @partitions outbox_cursor_rows
-- Result: none.
INSERT INTO outbox_partition (partition_no)
SELECT n.partition_no
  FROM @partitions n
 WHERE NOT EXISTS (SELECT 1 FROM outbox_partition p WHERE p.partition_no = n.partition_no)
