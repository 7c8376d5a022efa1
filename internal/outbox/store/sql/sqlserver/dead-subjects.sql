-- Subjects with a dead event, and the seq of the first, in the given partitions.
-- @partitions outbox_cursor_rows
-- Result: subject and seq of each.
SELECT subject, MIN(seq) AS seq
  FROM outbox_event
 WHERE dead_at IS NOT NULL AND published_at IS NULL AND partition_no IN (SELECT partition_no FROM @partitions)
 GROUP BY subject
