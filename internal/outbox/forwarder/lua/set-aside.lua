-- Moves an entry of a shard's staging stream that can become no event to the stream of such entries, field by
-- field as it is, with its former id and the reason. The newest 100 are kept.
-- KEYS  1 outbox:{s}  2 outbox-dead:{s}
-- ARGV  1 entry id  2 reason
-- Result  1, or 0 when the entry is not there any more
--- @flags allow-oom
local found = redis.call("XRANGE", KEYS[1], ARGV[1], ARGV[1])[1]
if not found then return 0 end
local fields = found[2]
fields[#fields + 1] = "staged-as"
fields[#fields + 1] = ARGV[1]
fields[#fields + 1] = "reason"
fields[#fields + 1] = ARGV[2]
redis.call("XADD", KEYS[2], "MAXLEN", 100, "*", unpack(fields))
redis.call("XDEL", KEYS[1], ARGV[1])
return 1
