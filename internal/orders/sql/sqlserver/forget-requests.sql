-- Deletes at most @limit requests from before @before (epoch ms).
-- @limit stays well below the 5,000 locks that SQL Server turns into one on the whole table.
DELETE TOP (@limit) FROM order_request WHERE requested_at < @before
