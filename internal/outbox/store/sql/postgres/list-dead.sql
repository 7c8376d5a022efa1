-- Dead events beyond a seq, in its order.
-- $1 seq  $2 at most so many
-- Result: a row for each, occurred_at and dead_at in epoch ms.
SELECT seq, event_id, partition_no, source, type, subject, version, sequence_name, payload, traceparent,
       (extract(epoch FROM occurred_at) * 1000)::float8 AS occurred_at, attempts, coalesce(last_error, '') AS last_error,
       (extract(epoch FROM dead_at) * 1000)::float8 AS dead_at
  FROM outbox_event
 WHERE dead_at IS NOT NULL AND published_at IS NULL AND seq > $1
 ORDER BY seq
 LIMIT $2
