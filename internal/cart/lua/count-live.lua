-- Counts the live carts of a shard by the time they have left.
-- KEYS    1 expiry:{s}
-- ARGV    upper bounds, ms from now
-- Result  for each bound, how many expire later than now and no later than it; last, how many live
--- @flags allow-oom
--- @include "cart.lua"
local now = now_ms()
local counts = {}
for i, bound in ipairs(ARGV) do
  counts[i] = redis.call("ZCOUNT", KEYS[1], "(" .. now, now + tonumber(bound))
end
counts[#ARGV + 1] = redis.call("ZCOUNT", KEYS[1], "(" .. now, "+inf")
return counts
