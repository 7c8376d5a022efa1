-- The oldest entries of a shard's staging stream. Reads only, but as a script that may write: a replica
-- refuses it, whereas it would answer XRANGE from old data, and an entry missing there looks committed.
-- KEYS  1 outbox:{s}
-- ARGV  1 most entries
-- Result  as XRANGE: {{id, {field, value, ...}}, ...}
--- @flags allow-oom
return redis.call("XRANGE", KEYS[1], "-", "+", "COUNT", ARGV[1])
