-- Reads a cart, and claims its checkout. The claim keeps other checkouts away for a while, and stays beyond
-- that while nobody knows whether an order came of it: until then the cart is not taken by a merge.
-- KEYS  1 cart:{s}:<owner>  2 checkout:{s}:<owner>
-- ARGV  1 JSON object: token (of the claim), key and request (of the Idempotency-Key, and of the body),
--         ttl (ms) until others may claim the cart too, forget (ms): its end, decided or not
-- Result  { "CLAIMED", state }                the state as read.lua gives it
--         { "CHECKOUT_IN_PROGRESS" }          another one has the claim
--         { "IDEMPOTENCY_KEY_REUSED" }        it has the same key, and another body
--- @include "cart.lua"
local args = cjson.decode(ARGV[1])
local keys = { cart = KEYS[1], claim = KEYS[2] }
local now = now_ms()
local cart = load_cart(keys.cart, now)
local packed = redis.call("GET", keys.claim)
local held = packed and cmsgpack.unpack(packed)
local another = held and held.token ~= args.token
if another and now < (held.till or math.huge) then
  if held.key == args.key and held.request ~= args.request then return { "IDEMPOTENCY_KEY_REUSED" } end
  return { "CHECKOUT_IN_PROGRESS" }
end
-- An order may still come of the claim that this one takes the place of.
local undecided = another or held and held.undecided or nil
local claim = cmsgpack.pack({ token = args.token, key = args.key, request = args.request, till = now + args.ttl,
  undecided = undecided })
redis.call("SET", keys.claim, claim, "PX", args.forget)
return { "CLAIMED", state_of(cart) }
