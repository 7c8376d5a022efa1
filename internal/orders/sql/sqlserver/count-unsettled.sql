-- How many orders' carts are not known to be reduced.
-- @placed_before epoch ms
-- Result: unsettled, one row.
SELECT COUNT_BIG(*) AS unsettled FROM orders WHERE cart_settled_at IS NULL AND placed_at < @placed_before
