-- What the next checkout of an owner starts from.
-- @owner the owner's key  @request_id
-- Result: two sets, each of one row or none: ordinal and unsettled (id) of the latest order; hash and order
-- of the request.
SELECT TOP (1) ordinal, CASE WHEN cart_settled_at IS NULL THEN order_id END AS unsettled
  FROM orders WHERE owner = @owner ORDER BY ordinal DESC;
SELECT request_hash, order_id AS requested FROM order_request WHERE request_id = @request_id;
