-- What waits in a shard's staging stream; refused by a replica, as oldest.lua is.
-- KEYS  1 outbox:{s}
-- Result  {entries, the id of the oldest or false}
--- @flags allow-oom
local head = redis.call("XRANGE", KEYS[1], "-", "+", "COUNT", 1)[1]
return { redis.call("XLEN", KEYS[1]), head and head[1] or false }
