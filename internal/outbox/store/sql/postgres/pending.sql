-- The next pending events of several partitions, beyond each one's
-- cursor; not those whose subject waits for a dead event.
-- $1 partitions  $2 cursors (seq)  $3 most events a partition
-- Result: a row for each event, occurred_at in epoch ms.
SELECT e.seq, e.event_id, e.partition_no, e.source, e.type, e.subject, e.version, e.sequence_name,
       e.payload, e.traceparent,
       (extract(epoch FROM e.occurred_at) * 1000)::float8 AS occurred_at, e.attempts
  FROM unnest($1::int[], $2::bigint[]) AS p (partition_no, after)
 CROSS JOIN LATERAL (
       SELECT *
         FROM outbox_event o
        WHERE o.partition_no = p.partition_no AND o.seq > p.after
          AND o.published_at IS NULL AND o.dead_at IS NULL
          AND NOT EXISTS (SELECT 1 FROM outbox_event d
                           WHERE d.subject = o.subject AND d.seq < o.seq
                             AND d.dead_at IS NOT NULL AND d.published_at IS NULL)
        ORDER BY o.seq
        LIMIT $3) e
