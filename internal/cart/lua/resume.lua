-- The transfer of a guest that waits, for whoever finishes it. It goes behind the others of its shard:
-- one that cannot be finished, because the user's cart is corrupt, is not in the others' way.
-- KEYS  1 transfer:{s}:<guest>  2 transfers:{s}
-- ARGV  1 JSON object: owner (the guest)
-- Result  the transfer as take.lua has got it, or nil when none waits
--- @flags allow-oom
--- @include "cart.lua"
local args = cjson.decode(ARGV[1])
local keys = { transfer = KEYS[1], transfers = KEYS[2] }
local pending = redis.call("HGET", keys.transfer, "pending")
if pending then redis.call("ZADD", keys.transfers, string.format("%d", now_ms()), args.owner)
else redis.call("ZREM", keys.transfers, args.owner) end
return pending
