-- What a request with an Idempotency-Key led to.
-- @request_id
SELECT request_hash, order_id AS requested FROM order_request WHERE request_id = @request_id
