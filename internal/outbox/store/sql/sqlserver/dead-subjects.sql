-- Subjects with a dead event, in the given @partitions.
SELECT DISTINCT subject
  FROM outbox_event
 WHERE dead_at IS NOT NULL AND published_at IS NULL AND partition_no IN (SELECT partition_no FROM @partitions)
