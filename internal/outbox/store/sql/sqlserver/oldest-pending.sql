-- The seq of the first event in each partition that is neither
-- published nor dead, nor waits for a dead event.
-- @partitions outbox_cursor_rows
-- Result: partition_no and seq of each partition that has one.
SELECT p.partition_no, e.seq
  FROM @partitions p
 CROSS APPLY (
       SELECT TOP (1) o.seq
         FROM outbox_event o WITH (INDEX (outbox_event_pending))
        WHERE o.partition_no = p.partition_no AND o.published_at IS NULL AND o.dead_at IS NULL
          AND NOT EXISTS (SELECT 1 FROM outbox_event d
                           WHERE d.subject = o.subject AND d.seq < o.seq
                             AND d.dead_at IS NOT NULL AND d.published_at IS NULL)
        ORDER BY o.seq) e
