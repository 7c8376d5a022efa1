-- Notes that the carts of orders are reduced. Not "AND cart_settled_at IS NULL": of a new table PostgreSQL
-- takes the index of unsettled orders for as good a way to one of them as the primary key.
-- $1 order ids
-- Result: currency and total of each that was not noted before.
UPDATE orders SET cart_settled_at = clock_timestamp()
 WHERE order_id = ANY ($1) AND coalesce(cart_settled_at, 'infinity') = 'infinity'
RETURNING currency, total
