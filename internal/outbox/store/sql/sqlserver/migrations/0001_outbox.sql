-- The outbox: events on their way to the broker, the leases of the relays that publish them, and who is alive.

CREATE TABLE outbox_event (
  seq          BIGINT IDENTITY(1, 1) NOT NULL CONSTRAINT outbox_event_pk PRIMARY KEY CLUSTERED,
  event_id     UNIQUEIDENTIFIER NOT NULL CONSTRAINT outbox_event_id UNIQUE,
  partition_no INT NOT NULL,
  type         NVARCHAR(64) NOT NULL,
  subject      NVARCHAR(64) NOT NULL,
  version      BIGINT NOT NULL,
  payload      NVARCHAR(MAX) NOT NULL,
  traceparent  NVARCHAR(64) NULL,
  occurred_at  BIGINT NOT NULL,
  published_at DATETIME2(6) NULL,
  attempts     INT NOT NULL DEFAULT 0,
  last_error   NVARCHAR(500) NULL,
  dead_at      DATETIME2(6) NULL
)
GO
CREATE INDEX outbox_event_pending ON outbox_event (partition_no, seq)
  WHERE published_at IS NULL AND dead_at IS NULL
GO
CREATE INDEX outbox_event_dead ON outbox_event (subject, seq)
  WHERE dead_at IS NOT NULL AND published_at IS NULL
GO
CREATE INDEX outbox_event_published ON outbox_event (published_at)
  WHERE published_at IS NOT NULL
GO
CREATE TABLE outbox_partition (
  partition_no INT NOT NULL CONSTRAINT outbox_partition_pk PRIMARY KEY,
  owner        NVARCHAR(64) NULL,
  epoch        BIGINT NOT NULL DEFAULT 0,
  lease_until  DATETIME2(6) NULL
)
GO
CREATE TABLE outbox_relay (
  relay       NVARCHAR(64) NOT NULL CONSTRAINT outbox_relay_pk PRIMARY KEY,
  alive_until DATETIME2(6) NOT NULL
)
GO
CREATE TYPE outbox_event_rows AS TABLE (
  ordinal      INT NOT NULL,
  event_id     UNIQUEIDENTIFIER NOT NULL,
  partition_no INT NOT NULL,
  type         NVARCHAR(64) NOT NULL,
  subject      NVARCHAR(64) NOT NULL,
  version      BIGINT NOT NULL,
  payload      NVARCHAR(MAX) NOT NULL,
  traceparent  NVARCHAR(64) NULL,
  occurred_at  BIGINT NOT NULL
)
GO
CREATE TYPE outbox_cursor_rows AS TABLE (partition_no INT NOT NULL, after BIGINT NOT NULL)
GO
CREATE TYPE outbox_fate_rows AS TABLE (seq BIGINT NOT NULL, partition_no INT NOT NULL, epoch BIGINT NOT NULL)
