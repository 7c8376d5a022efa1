-- Deletes at most @limit events published more than @seconds and @ms (below 1,000) ago.
-- @limit stays well below the 5,000 locks that SQL Server turns into one on the whole table.
DELETE TOP (@limit) FROM outbox_event
 WHERE published_at < DATEADD(SECOND, -1 * @seconds, DATEADD(MILLISECOND, -1 * @ms, SYSUTCDATETIME()))
