-- An owner's orders from below an ordinal, newest first; one row for each line, in their order.
-- Lateral: a plan for any limit would read all lines there are. Ordinals that were skipped are no orders.
-- $1 owner's key  $2 below this ordinal  $3 at most so many orders
-- Result: an order with one of its lines in each row; placed_at in epoch ms.
SELECT o.order_id, COALESCE(o.owner_full, o.owner) AS owner, o.ordinal, o.status, o.version,
       (extract(epoch FROM o.placed_at) * 1000)::float8 AS placed_at, o.currency, o.total, o.cart_id, o.cart_version,
       l.product_id, l.name, l.unit_price, l.agreed_price, l.quantity
  FROM (SELECT * FROM orders WHERE owner = $1 AND ordinal < $2 AND status <> 'skipped'
         ORDER BY ordinal DESC LIMIT $3) AS o
 CROSS JOIN LATERAL (SELECT * FROM order_line WHERE order_id = o.order_id ORDER BY line_no) AS l
 ORDER BY o.ordinal DESC, l.line_no
