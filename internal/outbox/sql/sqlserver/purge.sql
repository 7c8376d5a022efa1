-- Deletes at most @limit events published more than @seconds and @ms (below 1,000) ago.
DELETE FROM outbox_event
 WHERE seq IN (SELECT TOP (@limit) seq
                 FROM outbox_event
                WHERE published_at < DATEADD(SECOND, -1 * @seconds, DATEADD(MILLISECOND, -1 * @ms, SYSUTCDATETIME()))
                ORDER BY published_at)
   AND published_at IS NOT NULL
