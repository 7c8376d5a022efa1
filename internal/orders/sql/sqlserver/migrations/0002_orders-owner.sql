-- The whole owner where it is longer than the column by which orders are found: see owner-key.ts.
-- expanding

ALTER TABLE orders ADD owner_full NVARCHAR(263) COLLATE Latin1_General_BIN2 NULL
