-- Marks name their event by its id too: a database that was restored may give a seq to another event. A table type
-- cannot be altered: there is a new one, and older binaries keep outbox_fate_rows.
-- expanding

CREATE TYPE outbox_mark_rows AS TABLE (
  seq          BIGINT NOT NULL,
  event_id     UNIQUEIDENTIFIER NOT NULL,
  partition_no INT NOT NULL,
  epoch        BIGINT NOT NULL
)
