-- Turns one expired cart into its cart.expired event, once, however many sweepers try.
-- KEYS  1 cart:{s}:<owner>  2 outbox:{s}  3 expiry:{s}  4 ordinal:{s}
-- ARGV  1 owner  2 owner as a JSON string  3 event id
-- Result  "EXPIRED"  the event is staged and the cart is gone
--         "ALIVE"    it has been renewed meanwhile
--         "GONE"     there is no such cart any more (ended, told of by another, or past its grace)
--- @keys 4
--- @include "cart.lua"
--- @include "stage.lua"
local keys = { cart = KEYS[1], stream = KEYS[2], expiry = KEYS[3], counter = KEYS[4] }
local now = now_ms()
local cart = load_cart(keys.cart, now)
if cart.live then
  redis.call("ZADD", keys.expiry, string.format("%d", cart.expires), ARGV[1])
  return "ALIVE"
end
redis.call("ZREM", keys.expiry, ARGV[1])
if not cart.dead then return "GONE" end
stage_expired(keys, cart, ARGV[2], ARGV[3], now)
return "EXPIRED"
