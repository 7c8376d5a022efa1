-- What waits: pending and dead counts, and when the oldest pending event occurred (epoch ms). The age is that of the
-- first pending event of each partition: a partition's events are in order, but for events held back by a dead one.
SELECT (SELECT count(*) FROM outbox_event WHERE published_at IS NULL AND dead_at IS NULL)::float8 AS pending,
       (SELECT count(*) FROM outbox_event WHERE dead_at IS NOT NULL AND published_at IS NULL)::float8 AS dead,
       (SELECT (extract(epoch FROM min(first.occurred_at)) * 1000)::float8
          FROM outbox_partition p
         CROSS JOIN LATERAL (
               SELECT o.occurred_at
                 FROM outbox_event o
                WHERE o.partition_no = p.partition_no AND o.published_at IS NULL AND o.dead_at IS NULL
                ORDER BY o.seq
                LIMIT 1) first) AS oldest
