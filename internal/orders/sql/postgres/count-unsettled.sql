-- How many orders' carts are not known to be reduced.
-- $1 placed before, epoch ms
-- Result: unsettled, one row.
SELECT count(*) AS unsettled FROM orders
 WHERE cart_settled_at IS NULL AND placed_at < to_timestamp($1::float8 / 1000.0)
