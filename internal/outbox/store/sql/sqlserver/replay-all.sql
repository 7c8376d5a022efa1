-- Makes dead events pending again; to be repeated until it finds fewer than it may.
-- @limit at most so many: SQL Server turns 5,000 locks of one statement into one on the whole table
-- Result: a row affected for each.
UPDATE TOP (@limit) outbox_event
   SET dead_at = NULL, attempts = 0
 WHERE dead_at IS NOT NULL AND published_at IS NULL
