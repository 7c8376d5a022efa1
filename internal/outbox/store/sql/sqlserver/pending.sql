-- The next pending events of several partitions, beyond each one's cursor; not
-- those whose subject waits for a dead event. The hint keeps this an index range a
-- partition, whatever the statistics say of a table that has just grown.
-- @cursors outbox_cursor_rows  @limit most events a partition
-- Result: a row for each event, occurred_at in epoch ms, in seq order.
SELECT e.seq, e.event_id, e.partition_no, e.source, e.type, e.subject, e.version, e.sequence_name, e.payload,
       e.traceparent, e.occurred_at, e.attempts
  FROM @cursors p
 CROSS APPLY (
       SELECT TOP (@limit) o.seq, o.event_id, o.partition_no, o.source, o.type, o.subject, o.version, o.sequence_name,
              o.payload, o.traceparent, o.occurred_at, o.attempts
         FROM outbox_event o WITH (INDEX (outbox_event_pending))
        WHERE o.partition_no = p.partition_no AND o.seq > p.after
          AND o.published_at IS NULL AND o.dead_at IS NULL
          AND NOT EXISTS (SELECT 1 FROM outbox_event d
                           WHERE d.subject = o.subject AND d.seq < o.seq
                             AND d.dead_at IS NOT NULL AND d.published_at IS NULL)
        ORDER BY o.seq) e
 ORDER BY e.seq
