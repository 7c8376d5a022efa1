-- Deletes requests of long ago.
-- @before from before, epoch ms
-- @limit at most so many, well below the 5,000 locks that SQL Server turns into one on the whole table
-- Result: a row affected for each.
DELETE TOP (@limit) FROM order_request WHERE requested_at < @before
