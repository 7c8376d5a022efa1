-- Makes dead events pending again.
-- $1 event ids, or null for all
-- Result: a row affected for each.
UPDATE outbox_event
   SET dead_at = NULL, attempts = 0
 WHERE dead_at IS NOT NULL AND published_at IS NULL AND ($1::uuid[] IS NULL OR event_id = ANY ($1::uuid[]))
