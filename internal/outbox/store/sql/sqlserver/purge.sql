-- Deletes events published long ago.
-- @seconds, @ms (below 1,000) more than so long ago, together
-- @limit at most so many, well below the 5,000 locks that SQL Server turns into one on the whole table
-- Result: a row affected for each.
DELETE TOP (@limit) FROM outbox_event
 WHERE published_at < DATEADD(SECOND, -1 * @seconds, DATEADD(MILLISECOND, -1 * @ms, SYSUTCDATETIME()))
