-- Deletes requests of long ago, the oldest first.
-- $1 from before, epoch ms  $2 at most so many
-- Result: a row affected for each.
WITH old AS MATERIALIZED (
  SELECT request_id
    FROM order_request
   WHERE requested_at < to_timestamp($1::float8 / 1000.0)
   ORDER BY requested_at
   LIMIT $2
)
DELETE FROM order_request WHERE request_id IN (SELECT request_id FROM old)
