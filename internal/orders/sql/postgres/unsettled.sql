-- The oldest orders whose cart is not known to be reduced; one row for each line, in their order.
-- Lateral: a plan for any limit would read all lines there are.
-- $1 placed before, epoch ms  $2 at most so many orders  $3, $4 after the order of this epoch ms and id
-- Result: an order with one of its lines in each row; placed_at in epoch ms.
SELECT o.order_id, COALESCE(o.owner_full, o.owner) AS owner, o.ordinal, o.status, o.version,
       (extract(epoch FROM o.placed_at) * 1000)::float8 AS placed_at, o.currency, o.total, o.cart_id, o.cart_version,
       l.product_id, l.name, l.unit_price, l.agreed_price, l.quantity
  FROM (SELECT * FROM orders
         WHERE cart_settled_at IS NULL AND placed_at < to_timestamp($1::float8 / 1000.0)
           AND (placed_at, order_id) > (to_timestamp($3::float8 / 1000.0), $4::uuid)
         ORDER BY placed_at, order_id LIMIT $2) AS o
 CROSS JOIN LATERAL (SELECT * FROM order_line WHERE order_id = o.order_id ORDER BY line_no) AS l
 ORDER BY o.placed_at, o.order_id, l.line_no
