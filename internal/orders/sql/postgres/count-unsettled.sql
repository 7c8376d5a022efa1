-- How many orders' carts are not known to be reduced.
SELECT count(*) AS unsettled FROM orders WHERE cart_settled_at IS NULL
