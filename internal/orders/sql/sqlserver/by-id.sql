-- An order with its lines, in their order.
-- @order_id
-- Result: the order with one of its lines in each row; placed_at in epoch ms.
SELECT o.order_id, COALESCE(o.owner_full, o.owner) AS owner, o.ordinal, o.status, o.version, o.placed_at,
       o.currency, o.total, o.cart_id, o.cart_version, l.product_id, l.name, l.unit_price, l.agreed_price, l.quantity
  FROM orders o
  JOIN order_line l ON l.order_id = o.order_id
 WHERE o.order_id = @order_id
 ORDER BY l.line_no
