-- The outbox keeps where an event comes from and what its sequence (column version) is called. Rows that are there, and
-- those of older binaries beside this, are the only feature's that there was. A table type cannot be altered: there is
-- a new one, and older binaries keep theirs.
-- expanding

ALTER TABLE outbox_event ADD source NVARCHAR(200) NOT NULL CONSTRAINT outbox_event_source DEFAULT N'/cartwright/cart'
GO
ALTER TABLE outbox_event ADD sequence_name NVARCHAR(20) NOT NULL CONSTRAINT outbox_event_sequence_name DEFAULT N'cartversion'
GO
CREATE TYPE outbox_envelope_rows AS TABLE (
  ordinal       INT NOT NULL,
  event_id      UNIQUEIDENTIFIER NOT NULL,
  partition_no  INT NOT NULL,
  source        NVARCHAR(200) NOT NULL,
  type          NVARCHAR(64) NOT NULL,
  subject       NVARCHAR(64) NOT NULL,
  version       BIGINT NOT NULL,
  sequence_name NVARCHAR(20) NOT NULL,
  payload       NVARCHAR(MAX) NOT NULL,
  traceparent   NVARCHAR(64) NULL,
  occurred_at   BIGINT NOT NULL
)
