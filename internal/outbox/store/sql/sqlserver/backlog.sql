-- What waits: pending and dead counts, and when the oldest pending event occurred (epoch ms). Its age is
-- that of the first of each partition that no dead event holds back, which is its oldest as far as Redis'
-- clock did not go back; what is held back counts as pending, but waits for a replay, not for a relay.
-- Independent of whether a relay has ever run.
-- Result: pending, dead and oldest (null when nothing is pending but what is held back), one row.
SELECT COALESCE(SUM(g.pending), 0) AS pending,
       (SELECT COUNT_BIG(*) FROM outbox_event WHERE dead_at IS NOT NULL AND published_at IS NULL) AS dead,
       MIN(e.occurred_at) AS oldest
  FROM (SELECT partition_no, COUNT_BIG(*) AS pending
          FROM outbox_event
         WHERE published_at IS NULL AND dead_at IS NULL
         GROUP BY partition_no) g
 OUTER APPLY (
       SELECT TOP (1) o.occurred_at
         FROM outbox_event o WITH (INDEX (outbox_event_pending))
        WHERE o.partition_no = g.partition_no AND o.published_at IS NULL AND o.dead_at IS NULL
          AND NOT EXISTS (SELECT 1 FROM outbox_event d
                           WHERE d.subject = o.subject AND d.seq < o.seq
                             AND d.dead_at IS NOT NULL AND d.published_at IS NULL)
        ORDER BY o.seq) e
