-- Which partitions have a pending event at or below a cursor that waits for no dead one. Only the last of
-- those below it are looked at, where events come that a database gone back counts anew: a heap of waiting
-- ones may lie below.
-- $1 partitions  $2 cursors (seq)  $3 most events a partition that are looked at
-- Result: partition_no of each that has one.
SELECT p.partition_no
  FROM unnest($1::int[], $2::bigint[]) AS p (partition_no, until)
 WHERE EXISTS (
       SELECT 1
         FROM (SELECT o.subject, o.seq
                 FROM outbox_event o
                WHERE o.partition_no = p.partition_no AND o.seq <= p.until
                  AND o.published_at IS NULL AND o.dead_at IS NULL
                ORDER BY o.seq DESC
                LIMIT $3) e
        WHERE NOT EXISTS (SELECT 1 FROM outbox_event d
                           WHERE d.subject = e.subject AND d.seq < e.seq
                             AND d.dead_at IS NOT NULL AND d.published_at IS NULL))
