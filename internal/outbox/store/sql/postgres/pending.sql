-- The next pending events of several partitions, beyond each one's cursor. Those whose subject waits for a
-- dead event come without payload: left out, a heap of them would be searched by each read.
-- $1 partitions  $2 cursors (seq)  $3 most events a partition
-- Result: a row for each event, occurred_at in epoch ms; dead_seq and dead_partition of the first dead event
-- that it waits for, or null.
SELECT e.seq, e.event_id, e.partition_no, e.source, e.type, e.subject, e.version, e.sequence_name,
       CASE WHEN d.seq IS NULL THEN e.payload END AS payload, e.traceparent,
       (extract(epoch FROM e.occurred_at) * 1000)::float8 AS occurred_at, e.attempts,
       d.seq AS dead_seq, d.partition_no AS dead_partition
  FROM unnest($1::int[], $2::bigint[]) AS p (partition_no, after)
 CROSS JOIN LATERAL (
       SELECT *
         FROM outbox_event o
        WHERE o.partition_no = p.partition_no AND o.seq > p.after
          AND o.published_at IS NULL AND o.dead_at IS NULL
        ORDER BY o.seq
        LIMIT $3) e
  LEFT JOIN LATERAL (
       SELECT o.seq, o.partition_no
         FROM outbox_event o
        WHERE o.subject = e.subject AND o.seq < e.seq
          AND o.dead_at IS NOT NULL AND o.published_at IS NULL
        ORDER BY o.seq
        LIMIT 1) d ON true
