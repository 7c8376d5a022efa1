-- Reads a cart, and claims its checkout for a while.
-- KEYS  1 cart:{s}:<owner>  2 checkout:{s}:<owner>
-- ARGV  1 JSON object: token (of the claim), key and request (of the Idempotency-Key, and of the body),
--         ttl (ms)
-- Result  { "CLAIMED", state }                the state as read.lua gives it
--         { "CHECKOUT_IN_PROGRESS" }          another one has the claim
--         { "IDEMPOTENCY_KEY_REUSED" }        it has the same key, and another body
--- @include "cart.lua"
local args = cjson.decode(ARGV[1])
local keys = { cart = KEYS[1], claim = KEYS[2] }
local cart = load_cart(keys.cart, now_ms())
local packed = redis.call("GET", keys.claim)
local held = packed and cmsgpack.unpack(packed)
if held and held.token ~= args.token then
  if held.key == args.key and held.request ~= args.request then return { "IDEMPOTENCY_KEY_REUSED" } end
  return { "CHECKOUT_IN_PROGRESS" }
end
-- In one command with its end: a claim that would stay for ever could be had by nobody.
local claim = cmsgpack.pack({ token = args.token, key = args.key, request = args.request })
redis.call("SET", keys.claim, claim, "PX", args.ttl)
return { "CLAIMED", state_of(cart) }
