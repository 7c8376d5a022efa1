-- Withdraws a relay and gives back every lease it holds.
-- @relay
-- Result: none.
BEGIN TRANSACTION;
DELETE FROM outbox_relay WHERE relay = @relay;
UPDATE outbox_partition SET owner = NULL, lease_until = NULL WHERE owner = @relay;
COMMIT
