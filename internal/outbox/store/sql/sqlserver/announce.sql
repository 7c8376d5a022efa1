-- Announces a relay as alive and forgets those gone for an hour.
-- @relay  @ttl ms
-- Result: relays, how many live.
DELETE FROM outbox_relay WHERE alive_until < DATEADD(HOUR, -1, SYSUTCDATETIME()) AND relay <> @relay;
UPDATE outbox_relay SET alive_until = DATEADD(MILLISECOND, @ttl, SYSUTCDATETIME()) WHERE relay = @relay;
INSERT INTO outbox_relay (relay, alive_until)
SELECT @relay, DATEADD(MILLISECOND, @ttl, SYSUTCDATETIME())
 WHERE NOT EXISTS (SELECT 1 FROM outbox_relay WHERE relay = @relay);
SELECT COUNT(*) AS relays FROM outbox_relay WHERE alive_until > SYSUTCDATETIME();
