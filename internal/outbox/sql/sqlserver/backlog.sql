-- What waits: pending and dead counts, and when the oldest pending event occurred (epoch ms). The age is that of the
-- first pending event of each partition: a partition's events are in order, but for events held back by a dead one.
SELECT (SELECT COUNT_BIG(*) FROM outbox_event WHERE published_at IS NULL AND dead_at IS NULL) AS pending,
       (SELECT COUNT_BIG(*) FROM outbox_event WHERE dead_at IS NOT NULL AND published_at IS NULL) AS dead,
       (SELECT MIN(f.occurred_at)
          FROM outbox_partition p
         CROSS APPLY (
               SELECT TOP (1) o.occurred_at
                 FROM outbox_event o
                WHERE o.partition_no = p.partition_no AND o.published_at IS NULL AND o.dead_at IS NULL
                ORDER BY o.seq) f) AS oldest
