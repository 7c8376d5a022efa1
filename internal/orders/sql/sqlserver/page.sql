-- An owner's orders from below an ordinal, newest first; one row for each line, in their order.
-- Ordinals that were skipped are no orders.
-- @owner the owner's key  @before below this ordinal  @limit at most so many orders
-- Result: an order with one of its lines in each row; placed_at in epoch ms.
SELECT o.order_id, COALESCE(o.owner_full, o.owner) AS owner, o.ordinal, o.status, o.version, o.placed_at,
       o.currency, o.total, o.cart_id, o.cart_version, l.product_id, l.name, l.unit_price, l.agreed_price, l.quantity
  FROM (SELECT TOP (@limit) * FROM orders WHERE owner = @owner AND ordinal < @before AND status <> N'skipped'
         ORDER BY ordinal DESC) AS o
  JOIN order_line l ON l.order_id = o.order_id
 ORDER BY o.ordinal DESC, l.line_no
