-- Places an order: its row, its lines and the request that led to it, or nothing when the owner's ordinal is
-- taken.
-- A rival's order of this ordinal, not yet committed, is waited for by the unique index; if it commits, this
-- fails with
-- 2601 or 2627 and is run again.
-- @order_id  @owner (its key)  @owner_full (where its key is another, or null)  @ordinal  @status
-- @version  @placed_at, epoch ms  @currency  @total  @cart_id  @cart_version
-- @lines order_line_rows; an apostrophe of a name travels as NCHAR(1), see tables.sqlserver.ts
-- @request_id  @request_hash
-- Result: placed, 1 or 0.
DECLARE @placed INT;
INSERT INTO orders (order_id, owner, ordinal, status, version, placed_at, currency, total, cart_id, cart_version,
                    owner_full)
SELECT @order_id, @owner, @ordinal, @status, @version, @placed_at, @currency, @total, @cart_id, @cart_version,
       @owner_full
 WHERE NOT EXISTS (SELECT 1 FROM orders o WHERE o.owner = @owner AND o.ordinal = @ordinal);
SET @placed = @@ROWCOUNT;
IF @placed = 1
BEGIN
  INSERT INTO order_line (order_id, line_no, product_id, name, unit_price, agreed_price, quantity)
  SELECT @order_id, l.line_no, l.product_id, REPLACE(l.name, NCHAR(1), N''''), l.unit_price, l.agreed_price, l.quantity
    FROM @lines l;
  INSERT INTO order_request (request_id, request_hash, order_id, requested_at)
  VALUES (@request_id, @request_hash, @order_id, @placed_at);
END;
SELECT @placed AS placed
