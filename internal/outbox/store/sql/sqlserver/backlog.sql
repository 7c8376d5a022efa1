-- What waits: pending and dead counts, and when the oldest pending event occurred (epoch ms). Its age is
-- that of the first pending event of each partition, which is its oldest as far as Redis' clock did not
-- go back. Counted from the indexes alone, and independent of whether a relay has ever run.
-- Result: pending, dead and oldest (null when nothing is pending), one row.
SELECT COALESCE(SUM(g.pending), 0) AS pending,
       (SELECT COUNT_BIG(*) FROM outbox_event WHERE dead_at IS NOT NULL AND published_at IS NULL) AS dead,
       MIN(e.occurred_at) AS oldest
  FROM (SELECT partition_no, COUNT_BIG(*) AS pending, MIN(seq) AS seq
          FROM outbox_event
         WHERE published_at IS NULL AND dead_at IS NULL
         GROUP BY partition_no) g
  JOIN outbox_event e ON e.seq = g.seq
