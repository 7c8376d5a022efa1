-- Inserts events in the order given, leaving out those whose id is there. A rival's insert of the same id, not yet
-- committed, is waited for by the unique index; if it commits, this fails with 2601 or 2627 and is run again.
-- @rows outbox_event_rows, each id once
INSERT INTO outbox_event (event_id, partition_no, type, subject, version, payload, traceparent, occurred_at)
SELECT r.event_id, r.partition_no, r.type, r.subject, r.version, r.payload, r.traceparent, r.occurred_at
  FROM @rows r
 WHERE NOT EXISTS (SELECT 1 FROM outbox_event e WHERE e.event_id = r.event_id)
 ORDER BY r.ordinal
