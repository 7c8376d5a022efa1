-- Ends the claim on a cart's checkout, if it is this one.
-- KEYS  1 checkout:{s}:<owner>
-- ARGV  1 token
-- Result  1 when it was, else 0
--- @flags allow-oom
--- @include "claimed.lua"
local keys = { claim = KEYS[1] }
if not claimed_by(keys.claim, ARGV[1]) then return 0 end
return redis.call("DEL", keys.claim)
