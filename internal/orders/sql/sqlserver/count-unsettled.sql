-- How many orders' carts are not known to be reduced.
SELECT COUNT_BIG(*) AS unsettled FROM orders WHERE cart_settled_at IS NULL
