-- Dead events beyond a seq, in its order.
-- @after seq  @limit at most so many
-- Result: a row for each, occurred_at in epoch ms, dead_at a DATETIME2.
SELECT TOP (@limit) seq, event_id, partition_no, source, type, subject, version, sequence_name, payload, traceparent,
       occurred_at, attempts,
       COALESCE(last_error, N'') AS last_error, dead_at
  FROM outbox_event
 WHERE dead_at IS NOT NULL AND published_at IS NULL AND seq > @after
 ORDER BY seq
