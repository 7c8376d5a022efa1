-- Deletes events that died long ago; the later events of their subjects are pending from then on.
-- @seconds, @ms (below 1,000) more than so long ago, together
-- @limit at most so many, well below the 5,000 locks that SQL Server turns into one on the whole table
-- Result: a row affected for each.
DELETE TOP (@limit) FROM outbox_event
 WHERE dead_at IS NOT NULL AND published_at IS NULL
   AND dead_at < DATEADD(SECOND, -1 * @seconds, DATEADD(MILLISECOND, -1 * @ms, SYSUTCDATETIME()))
