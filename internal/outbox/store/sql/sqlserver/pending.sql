-- The next pending events of several partitions, beyond each one's cursor. Those whose subject waits for a
-- dead event come without payload: left out, a heap of them would be searched by each read. The hints keep
-- this an index range a partition and a seek an event, whatever the statistics say of a table that has just
-- grown.
-- @cursors outbox_cursor_rows  @limit most events a partition
-- Result: a row for each event, occurred_at in epoch ms, in seq order; dead_seq and dead_partition of the
-- first dead event that it waits for, or null.
SELECT e.seq, e.event_id, e.partition_no, e.source, e.type, e.subject, e.version, e.sequence_name,
       CASE WHEN d.seq IS NULL THEN e.payload END AS payload, e.traceparent, e.occurred_at, e.attempts,
       d.seq AS dead_seq, d.partition_no AS dead_partition
  FROM @cursors p
 CROSS APPLY (
       SELECT TOP (@limit) o.seq, o.event_id, o.partition_no, o.source, o.type, o.subject, o.version, o.sequence_name,
              o.payload, o.traceparent, o.occurred_at, o.attempts
         FROM outbox_event o WITH (INDEX (outbox_event_pending))
        WHERE o.partition_no = p.partition_no AND o.seq > p.after
          AND o.published_at IS NULL AND o.dead_at IS NULL
        ORDER BY o.seq) e
 OUTER APPLY (
       SELECT TOP (1) o.seq, o.partition_no
         FROM outbox_event o WITH (INDEX (outbox_event_dead))
        WHERE o.subject = e.subject AND o.seq < e.seq
          AND o.dead_at IS NOT NULL AND o.published_at IS NULL
        ORDER BY o.seq) d
 ORDER BY e.seq
