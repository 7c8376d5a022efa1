-- Makes dead events pending again.
-- @ids outbox_id_rows
-- Result: a row affected for each.
UPDATE outbox_event
   SET dead_at = NULL, attempts = 0
 WHERE dead_at IS NOT NULL AND published_at IS NULL AND event_id IN (SELECT event_id FROM @ids)
