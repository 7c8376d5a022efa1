-- Places an order: its row, its lines and the request that led to it, or nothing when the owner's ordinal is
-- taken.
-- A rival's order of this ordinal, not yet committed, is waited for.
-- $1 order id  $2 owner's key  $3 ordinal  $4 status  $5 version  $6 placed at, epoch ms  $7 currency
-- $8 total  $9 cart id  $10 cart version
-- $11 JSON array of {p: product id, n: name, u: unit price, a: agreed price, q: quantity}
-- $12 request id  $13 request hash  $14 owner where its key is another, or null
-- Result: placed, 1 or 0.
WITH placed AS (
  INSERT INTO orders (order_id, owner, ordinal, status, version, placed_at, currency, total, cart_id, cart_version,
                      owner_full)
  VALUES ($1, $2, $3, $4, $5, to_timestamp($6::float8 / 1000.0), $7, $8, $9, $10, $14)
      ON CONFLICT (owner, ordinal) DO NOTHING
  RETURNING order_id, placed_at
), lines AS (
  INSERT INTO order_line (order_id, line_no, product_id, name, unit_price, agreed_price, quantity)
  SELECT placed.order_id, line.ordinal, line.p, line.n, line.u, line.a, line.q
    FROM placed
   CROSS JOIN ROWS FROM (json_to_recordset($11::json) AS (p text, n text, u bigint, a bigint, q int))
         WITH ORDINALITY AS line (p, n, u, a, q, ordinal)
), request AS (
  INSERT INTO order_request (request_id, request_hash, order_id, requested_at)
  SELECT $12, $13, order_id, placed_at FROM placed
)
SELECT count(*)::int AS placed FROM placed
