-- Counts one request in a window that begins with its first.
-- KEYS[1]  the window of one owner or address
-- ARGV[1]  the length of a window, ms
-- Result  {requests of this window with this one, ms until it ends}
local count = redis.call("INCR", KEYS[1])
local left = redis.call("PTTL", KEYS[1])
if left < 0 then
  left = tonumber(ARGV[1])
  redis.call("PEXPIRE", KEYS[1], left)
end
return {count, left}
