-- Inserts events in the order given, leaving out those whose id is there; waits for a rival inserting the
-- same id. Each partition's lock is taken, in ascending order, before any seq is drawn, and held to the end
-- of the transaction: so within a partition events become visible in seq order, and a reader that moves a
-- cursor by seq misses none. The payloads travel as one run of bytes: quoting them into an array or into JSON
-- costs Node and the server twice as much.
-- $1 payloads, UTF-8, one after the other
-- $2 JSON array of {id, p: partition, f: source, t: type, s: subject, v: sequence, vn: its name,
--    n: bytes of payload, tp: traceparent, o: occurred at, epoch ms}
-- $3 true to leave out the partitions whose lock is held, in place of waiting for it
-- Result: partition_no of each that was left out.
-- 1869967469 is the name space of these advisory locks ("outb" in ASCII).
WITH rows AS MATERIALIZED (
  SELECT *
    FROM ROWS FROM (json_to_recordset($2::json)
                    AS (id uuid, p int, f text, t text, s text, v bigint, vn text, n int, tp text, o float8))
         WITH ORDINALITY
         AS e (id, p, f, t, s, v, vn, n, tp, o, ordinal)
), locked AS MATERIALIZED (
  SELECT each.p, CASE WHEN $3::boolean THEN pg_try_advisory_xact_lock(1869967469, each.p)
                      ELSE pg_advisory_xact_lock(1869967469, each.p)::text IS NOT NULL END AS held
    FROM (SELECT DISTINCT p FROM rows ORDER BY p) AS each
), inserted AS (
  INSERT INTO outbox_event (event_id, partition_no, source, type, subject, version, sequence_name, payload,
                            traceparent, occurred_at)
  SELECT e.id, e.p, e.f, e.t, e.s, e.v, e.vn,
         convert_from(substring($1::bytea FROM (1 + e.until - e.n)::int FOR e.n), 'UTF8'),
         e.tp, to_timestamp(e.o / 1000.0)
    FROM (SELECT array_agg(p) FILTER (WHERE held) AS held FROM locked) AS all_locked
   CROSS JOIN (SELECT *, sum(n) OVER (ORDER BY ordinal) AS until FROM rows) AS e
   WHERE e.p = ANY (all_locked.held)
   ORDER BY e.ordinal
      ON CONFLICT (event_id) DO NOTHING
)
SELECT p AS partition_no FROM locked WHERE NOT held
