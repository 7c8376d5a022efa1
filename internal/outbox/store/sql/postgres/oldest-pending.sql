-- The seq of the first event in each partition that is neither
-- published nor dead, nor waits for a dead event.
-- $1 partitions
-- Result: partition_no and seq of each partition that has one.
SELECT p.partition_no, e.seq
  FROM unnest($1::int[]) AS p (partition_no)
 CROSS JOIN LATERAL (
       SELECT o.seq
         FROM outbox_event o
        WHERE o.partition_no = p.partition_no AND o.published_at IS NULL AND o.dead_at IS NULL
          AND NOT EXISTS (SELECT 1 FROM outbox_event d
                           WHERE d.subject = o.subject AND d.seq < o.seq
                             AND d.dead_at IS NOT NULL AND d.published_at IS NULL)
        ORDER BY o.seq
        LIMIT 1) e
