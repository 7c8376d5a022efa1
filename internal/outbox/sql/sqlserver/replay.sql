-- Makes one dead event pending again.
-- @event_id
UPDATE outbox_event
   SET dead_at = NULL, attempts = 0
 WHERE dead_at IS NOT NULL AND published_at IS NULL AND event_id = @event_id
