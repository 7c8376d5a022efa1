-- Turns one expired cart into its cart.expired event, once, however many sweepers try.
-- KEYS  1 cart:{s}:<owner>  2 outbox:{s}  3 expiry:{s}  4 ordinal:{s}
-- ARGV  1 JSON object: owner, owner_json (the same as a JSON string), event (a new event id)
-- Result  "EXPIRED"  the event is staged and the cart is gone
--         "ALIVE"    it has been renewed meanwhile
--         "MISSING"  its data was no longer in Redis (evicted, or past its grace): what is known is staged
--         "GONE"     there is no such cart any more (ended, or told of by another)
--- @flags allow-oom
--- @include "cart.lua"
--- @include "stage.lua"
local args = cjson.decode(ARGV[1])
local keys = { cart = KEYS[1], stream = KEYS[2], expiry = KEYS[3], counter = KEYS[4] }
local now = now_ms()
local cart = load_cart(keys.cart, now)
if cart.live then
  redis.call("ZADD", keys.expiry, string.format("%d", cart.expires), args.owner)
  return "ALIVE"
end
local indexed = redis.call("ZSCORE", keys.expiry, args.owner)
if cart.dead then stage_expired(keys, cart, args.owner_json, args.event, now)
elseif indexed then stage_missing(keys, indexed, args.owner_json, args.event, now) end
redis.call("ZREM", keys.expiry, args.owner)
return cart.dead and "EXPIRED" or indexed and "MISSING" or "GONE"
