-- Makes at most @limit dead events pending again; to be repeated until it finds fewer.
-- SQL Server turns 5,000 locks of one statement into one on the whole table.
-- @limit
UPDATE TOP (@limit) outbox_event
   SET dead_at = NULL, attempts = 0
 WHERE dead_at IS NOT NULL AND published_at IS NULL
