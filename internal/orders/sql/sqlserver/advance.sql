-- Gives an order its next status and version, unless it is no longer at the version before.
-- @order_id  @status  @version its version from now on  @request_id or null  @request_hash  @now epoch ms
-- Result: advanced, 1 or 0.
DECLARE @advanced INT;
UPDATE orders SET status = @status, version = @version WHERE order_id = @order_id AND version = @version - 1;
SET @advanced = @@ROWCOUNT;
IF @advanced = 1 AND @request_id IS NOT NULL
  INSERT INTO order_request (request_id, request_hash, order_id, requested_at)
  VALUES (@request_id, @request_hash, @order_id, @now);
SELECT @advanced AS advanced
