-- The outbox keeps where an event comes from and what its sequence (column version) is called. Rows that are there, and
-- those of older binaries beside this, are the only feature's that there was.
-- expanding

ALTER TABLE outbox_event
  ADD COLUMN source        varchar(200) NOT NULL DEFAULT '/cartwright/cart',
  ADD COLUMN sequence_name varchar(20)  NOT NULL DEFAULT 'cartversion';
