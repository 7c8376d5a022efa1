-- Subjects with a dead event, and the seq of the first, in the given partitions.
-- $1 partitions
-- Result: subject and seq of each.
SELECT subject, min(seq) AS seq
  FROM outbox_event
 WHERE dead_at IS NOT NULL AND published_at IS NULL AND partition_no = ANY ($1::int[])
 GROUP BY subject
