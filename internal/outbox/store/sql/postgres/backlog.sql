-- What waits: pending and dead counts, and when the oldest pending event occurred (epoch ms). Its age is
-- that of the first pending event of each partition, which is its oldest as far as Redis' clock did not
-- go back. Counted from the indexes alone, and independent of whether a relay has ever run.
-- Result: pending, dead and oldest (null when nothing is pending), one row.
SELECT coalesce(sum(g.pending), 0)::float8 AS pending,
       (SELECT count(*) FROM outbox_event WHERE dead_at IS NOT NULL AND published_at IS NULL)::float8 AS dead,
       (extract(epoch FROM min(first.occurred_at)) * 1000)::float8 AS oldest
  FROM (SELECT partition_no, count(*) AS pending, min(seq) AS seq
          FROM outbox_event
         WHERE published_at IS NULL AND dead_at IS NULL
         GROUP BY partition_no) g
  JOIN outbox_event first ON first.seq = g.seq
