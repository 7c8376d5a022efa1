-- Gives an order its next status and version, unless it is no longer at the version before.
-- $1 order id  $2 status  $3 its version from now on  $4 request id or null  $5 request hash  $6 now, epoch
-- ms
-- Result: advanced, 1 or 0.
WITH advanced AS (
  UPDATE orders SET status = $2, version = $3::int WHERE order_id = $1 AND version = $3::int - 1
  RETURNING order_id
), request AS (
  INSERT INTO order_request (request_id, request_hash, order_id, requested_at)
  SELECT $4::text, $5::text, order_id, to_timestamp($6::float8 / 1000.0) FROM advanced WHERE $4::text IS NOT NULL
)
SELECT count(*)::int AS advanced FROM advanced
