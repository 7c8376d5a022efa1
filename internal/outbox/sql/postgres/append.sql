-- Inserts events in the order given, leaving out those whose id is there; waits for a rival inserting the same id.
-- $1 event ids  $2 partitions  $3 types  $4 subjects  $5 versions  $6 payloads  $7 traceparents  $8 occurred at, epoch ms
INSERT INTO outbox_event (event_id, partition_no, type, subject, version, payload, traceparent, occurred_at)
SELECT e.event_id, e.partition_no, e.type, e.subject, e.version, e.payload, e.traceparent,
       to_timestamp(e.occurred_at / 1000.0)
  FROM unnest($1::uuid[], $2::int[], $3::text[], $4::text[], $5::bigint[], $6::text[], $7::text[], $8::float8[])
       WITH ORDINALITY
       AS e (event_id, partition_no, type, subject, version, payload, traceparent, occurred_at, ordinal)
 ORDER BY e.ordinal
    ON CONFLICT (event_id) DO NOTHING
