-- Counts one request in a window that begins with its first.
-- KEYS[1]  the window of one owner or address
-- ARGV[1]  the length of a window, ms
-- Result  {requests of this window with this one, ms until it ends}
local count = redis.call("INCR", KEYS[1])
local left = redis.call("PTTL", KEYS[1])
local length = tonumber(ARGV[1])
-- A window of before, when it was configured longer, ends with the new length.
if left < 0 or left > length then
  left = length
  redis.call("PEXPIRE", KEYS[1], left)
end
return {count, left}
