-- The columns of an index's filter belong into the index: without them SQL Server looks up every row to check IS NULL.
DROP INDEX outbox_event_pending ON outbox_event
GO
CREATE INDEX outbox_event_pending ON outbox_event (partition_no, seq) INCLUDE (published_at, dead_at)
  WHERE published_at IS NULL AND dead_at IS NULL
GO
DROP INDEX outbox_event_dead ON outbox_event
GO
CREATE INDEX outbox_event_dead ON outbox_event (subject, seq) INCLUDE (partition_no, published_at, dead_at)
  WHERE dead_at IS NOT NULL AND published_at IS NULL
GO
-- Sets of leases to give back and of events to replay.
CREATE TYPE outbox_lease_rows AS TABLE (partition_no INT NOT NULL, epoch BIGINT NOT NULL)
GO
CREATE TYPE outbox_id_rows AS TABLE (event_id UNIQUEIDENTIFIER NOT NULL)
