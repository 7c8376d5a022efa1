-- The oldest orders whose cart is not known to be reduced; one row for each line, in their order.
-- @placed_before epoch ms  @limit at most so many orders
-- @after, @after_id after the order of this epoch ms and id
-- Result: an order with one of its lines in each row; placed_at in epoch ms.
SELECT o.order_id, COALESCE(o.owner_full, o.owner) AS owner, o.ordinal, o.status, o.version, o.placed_at,
       o.currency, o.total, o.cart_id, o.cart_version, l.product_id, l.name, l.unit_price, l.agreed_price, l.quantity
  FROM (SELECT TOP (@limit) * FROM orders
         WHERE cart_settled_at IS NULL AND placed_at < @placed_before
           AND placed_at >= @after AND (placed_at > @after OR order_id > @after_id)
         ORDER BY placed_at, order_id) AS o
  JOIN order_line l ON l.order_id = o.order_id
 ORDER BY o.placed_at, o.order_id, l.line_no
