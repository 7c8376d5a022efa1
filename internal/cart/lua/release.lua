-- Ends the claim on a cart's checkout, if it is this one.
-- KEYS  1 checkout:{s}:<owner>
-- ARGV  1 token
-- Result  1 when it was, else 0
--- @flags allow-oom
local keys = { claim = KEYS[1] }
local packed = redis.call("GET", keys.claim)
if not packed or cmsgpack.unpack(packed).token ~= ARGV[1] then return 0 end
return redis.call("DEL", keys.claim)
