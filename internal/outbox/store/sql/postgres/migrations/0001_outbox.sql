-- The outbox: events on their way to the broker, the leases of the relays that publish them, and who is alive.

CREATE TABLE outbox_event (
  seq          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  event_id     uuid NOT NULL CONSTRAINT outbox_event_id UNIQUE,
  partition_no integer NOT NULL,
  type         varchar(64) NOT NULL,
  subject      varchar(64) NOT NULL,
  version      bigint NOT NULL,
  payload      text NOT NULL,
  traceparent  varchar(64),
  occurred_at  timestamptz(3) NOT NULL,
  published_at timestamptz(3),
  attempts     integer NOT NULL DEFAULT 0,
  last_error   varchar(500),
  dead_at      timestamptz(3)
);

CREATE INDEX outbox_event_pending ON outbox_event (partition_no, seq)
  WHERE published_at IS NULL AND dead_at IS NULL;
CREATE INDEX outbox_event_dead ON outbox_event (subject, seq)
  WHERE dead_at IS NOT NULL AND published_at IS NULL;
CREATE INDEX outbox_event_published ON outbox_event (published_at)
  WHERE published_at IS NOT NULL;

CREATE TABLE outbox_partition (
  partition_no integer PRIMARY KEY,
  owner        varchar(64),
  epoch        bigint NOT NULL DEFAULT 0,
  lease_until  timestamptz(3)
);

CREATE TABLE outbox_relay (
  relay       varchar(64) PRIMARY KEY,
  alive_until timestamptz(3) NOT NULL
);
