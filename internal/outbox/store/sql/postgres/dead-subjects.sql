-- Subjects with a dead event, in the given partitions.
-- $1 partitions
SELECT DISTINCT subject
  FROM outbox_event
 WHERE dead_at IS NOT NULL AND published_at IS NULL AND partition_no = ANY ($1::int[])
