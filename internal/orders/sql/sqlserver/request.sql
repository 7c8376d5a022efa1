-- What a request with an Idempotency-Key led to.
-- @request_id
-- Result: request_hash and requested (order id), or no row when the request is new.
SELECT request_hash, order_id AS requested FROM order_request WHERE request_id = @request_id
