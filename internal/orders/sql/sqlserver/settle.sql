-- Notes that the carts of orders are reduced. Not "AND cart_settled_at IS NULL": they are to be found by
-- their primary key alone.
-- @order_ids, separated by commas
-- Result: currency and total of each that was not noted before.
UPDATE orders SET cart_settled_at = SYSUTCDATETIME()
OUTPUT inserted.currency, inserted.total
 WHERE order_id IN (SELECT CAST(value AS UNIQUEIDENTIFIER) FROM STRING_SPLIT(@order_ids, N','))
   AND COALESCE(cart_settled_at, '9999-12-31') = '9999-12-31'
