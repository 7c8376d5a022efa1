-- Inserts one event as dead, in its partition's order (the lock: see append.sql); nothing when its id
-- is there.
-- $1 id  $2 partition  $3 source  $4 type  $5 subject  $6 sequence  $7 its name  $8 payload  $9 traceparent
-- $10 occurred at, epoch ms  $11 reason
-- Result: none.
WITH locked AS MATERIALIZED (
  SELECT pg_advisory_xact_lock(1869967469, $2::int)
)
INSERT INTO outbox_event (event_id, partition_no, source, type, subject, version, sequence_name, payload,
                          traceparent, occurred_at, last_error, dead_at)
SELECT $1::uuid, $2::int, $3::text, $4::text, $5::text, $6::bigint, $7::text, $8::text,
       $9::text, to_timestamp($10::float8 / 1000.0), $11::text, clock_timestamp()
  FROM (SELECT count(*) FROM locked) AS all_locked
    ON CONFLICT (event_id) DO NOTHING
