-- Notes that an order's cart is reduced.
-- $1 order id
UPDATE orders SET cart_settled_at = clock_timestamp() WHERE order_id = $1 AND cart_settled_at IS NULL
