-- Deletes at most @limit events that died more than @seconds and @ms (below 1,000) ago; the later events of
-- their subjects are pending from then on.
-- @limit stays well below the 5,000 locks that SQL Server turns into one on the whole table.
DELETE TOP (@limit) FROM outbox_event
 WHERE dead_at IS NOT NULL AND published_at IS NULL
   AND dead_at < DATEADD(SECOND, -1 * @seconds, DATEADD(MILLISECOND, -1 * @ms, SYSUTCDATETIME()))
