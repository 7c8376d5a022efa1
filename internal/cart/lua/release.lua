-- Ends the claim on a cart's checkout, if it is this one.
-- KEYS  1 checkout:{s}:<owner>
-- ARGV  1 token  2 what is known: "nothing" was ordered by this attempt; "unknown", an order may still come
--       of it; "decided", whatever came of this attempt and those before has been taken out of the cart
-- Result  1 when it was, else 0. An undecided claim keeps nobody from the cart but merges.
--- @flags allow-oom
--- @include "claimed.lua"
local keys = { claim = KEYS[1] }
local held = claim_of(keys.claim, ARGV[1])
if not held then return 0 end
if ARGV[2] == "decided" or ARGV[2] == "nothing" and not held.undecided then return redis.call("DEL", keys.claim) end
held.till, held.undecided = 0, true
redis.call("SET", keys.claim, cmsgpack.pack(held), "KEEPTTL")
return 1
