-- Announces a relay as alive and forgets those gone for an hour.
-- $1 relay  $2 ttl, ms
-- Result: relays, how many live.
WITH gone AS (
  DELETE FROM outbox_relay WHERE alive_until < clock_timestamp() - interval '1 hour' AND relay <> $1
), me AS (
  INSERT INTO outbox_relay (relay, alive_until)
  VALUES ($1, clock_timestamp() + $2::float8 * interval '1 millisecond')
      ON CONFLICT (relay) DO UPDATE SET alive_until = excluded.alive_until
)
SELECT (count(*) + 1)::int AS relays FROM outbox_relay WHERE alive_until > clock_timestamp() AND relay <> $1
