-- What the next checkout of an owner starts from.
-- $1 owner's key  $2 request id
-- Result: one row. ordinal and unsettled (id) of the latest order; hash and order of the request. Null where
-- there is none.
SELECT latest.ordinal, latest.unsettled, request.request_hash, request.order_id AS requested
  FROM (SELECT 1) AS one
  LEFT JOIN LATERAL (
    SELECT ordinal, CASE WHEN cart_settled_at IS NULL THEN order_id END AS unsettled
      FROM orders WHERE owner = $1 ORDER BY ordinal DESC LIMIT 1
  ) AS latest ON true
  LEFT JOIN order_request AS request ON request.request_id = $2
