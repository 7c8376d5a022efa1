-- Withdraws a relay and gives back every lease it holds. Rows
-- are locked in order: marks in progress lock them so too.
-- $1 relay
-- Result: none.
WITH gone AS (
  DELETE FROM outbox_relay WHERE relay = $1
), held AS MATERIALIZED (
  SELECT partition_no FROM outbox_partition WHERE owner = $1 ORDER BY partition_no FOR NO KEY UPDATE
)
UPDATE outbox_partition
   SET owner = NULL, lease_until = NULL
 WHERE owner = $1 AND partition_no IN (SELECT partition_no FROM held)
