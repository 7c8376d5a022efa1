-- Notes that the carts of orders are reduced; they are found by their primary key alone.
-- @order_ids, separated by commas
UPDATE orders SET cart_settled_at = COALESCE(cart_settled_at, SYSUTCDATETIME())
 WHERE order_id IN (SELECT CAST(value AS UNIQUEIDENTIFIER) FROM STRING_SPLIT(@order_ids, N','))
