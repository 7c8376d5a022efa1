-- Makes every dead event pending again.
UPDATE outbox_event
   SET dead_at = NULL, attempts = 0
 WHERE dead_at IS NOT NULL AND published_at IS NULL
