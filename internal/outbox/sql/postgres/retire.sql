-- Withdraws a relay and gives back every lease it holds.
-- $1 relay
WITH gone AS (DELETE FROM outbox_relay WHERE relay = $1)
UPDATE outbox_partition SET owner = NULL, lease_until = NULL WHERE owner = $1
