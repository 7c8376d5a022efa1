-- The whole owner where it is longer than the column by which orders are found: see owner-key.ts.
-- expanding

ALTER TABLE orders ADD COLUMN owner_full varchar(263);
