-- Takes an owner's ordinal for no order, so that no order on its way can have it any more. One that is being
-- committed is waited for by the unique index; if it commits, this fails with 2601 or 2627 and is run again.
-- @order_id of the row  @owner (its key)  @owner_full (where its key is another, or null)  @ordinal
-- @now, epoch ms
-- Result: a row affected, or none when the ordinal is taken. The row has no lines and no reader sees it.
INSERT INTO orders (order_id, owner, ordinal, status, version, placed_at, currency, total, cart_id, cart_version,
                    cart_settled_at, owner_full)
SELECT @order_id, @owner, @ordinal, N'skipped', 0, @now, N'XXX', 0, N'', 0, SYSUTCDATETIME(), @owner_full
 WHERE NOT EXISTS (SELECT 1 FROM orders o WHERE o.owner = @owner AND o.ordinal = @ordinal)
