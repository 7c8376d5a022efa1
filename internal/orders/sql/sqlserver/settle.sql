-- Notes that an order's cart is reduced.
-- @order_id
UPDATE orders SET cart_settled_at = SYSUTCDATETIME() WHERE order_id = @order_id AND cart_settled_at IS NULL
