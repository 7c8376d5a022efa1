-- The first step of a merge: a guest's cart, whole, becomes a transfer that waits to be given to a user.
-- The cart ends with its last event. A transfer that nobody finishes is found by the sweeper through the
-- index of them.
-- KEYS  1 cart:{s}:<guest>  2 outbox:{s}  3 expiry:{s}  4 ordinal:{s}
--       5 transfer:{s}:<guest>  6 transfers:{s}  7 checkout:{s}:<guest>
-- ARGV  1 JSON object: owner, owner_json (the guest, and the same as a JSON string), event (a new id), trace
--         cart, version   the cart as the caller has read it; "" and 0 when it has not
--         user, change    whose it becomes, and the event's change as JSON text
--       2 the transfer: what the other steps need, as they need it
-- Result  { "TAKEN", <a CHANGED result as in change.lua> }
--         { "PENDING", transfer }             an earlier one is not settled
--         { "CART", state, user, cart, version }   the cart is not, or no longer, as the caller has read it;
--                                             with where the last one went, if that is known
--         { "ORDERING" }                      a checkout of the cart is under way
--         { "UNDECIDED", token }              nobody knows whether a checkout, of this claim, led to an order
--         { "SETTLED", user, cart, version }  there is no cart: it went to this user
--         { "EMPTY" }                         there is no cart, nor is it known to have gone anywhere
--- @include "cart.lua"
--- @include "stage.lua"
--- @include "claimed.lua"
local args = cjson.decode(ARGV[1])
local keys = { cart = KEYS[1], stream = KEYS[2], expiry = KEYS[3], counter = KEYS[4], transfer = KEYS[5], transfers = KEYS[6],
  claim = KEYS[7] }
local last = redis.call("HMGET", keys.transfer, "pending", "user", "cart", "version")
if last[1] then return { "PENDING", last[1] } end
local now = now_ms()
local cart = load_cart(keys.cart, now)
if not cart.live then
  if last[2] then return { "SETTLED", last[2], last[3], last[4] } end
  return { "EMPTY" }
end
if cart.id ~= args.cart or cart.version ~= args.version then return { "CART", state_of(cart), last[2], last[3], last[4] } end
local open = open_checkout(keys.claim, now)
if open then return open end
-- To learn before the first write that an index is of another type.
redis.call("ZSCORE", keys.expiry, args.owner)
redis.call("ZSCORE", keys.transfers, args.owner)

local version, at = string.format("%d", cart.version), string.format("%d", now)
cart.version = cart.version + 1
cart.products, cart.quantities, cart.expires = {}, {}, nil
local data = event_data(cart, args.owner_json, args.change)
local entry, n = stage(keys.stream, keys.counter, { id = args.event, type = "cart.merged", subject = cart.id,
  version = string.format("%d", cart.version), at = at, trace = args.trace, data = data })
redis.call("HSET", keys.transfer, "pending", ARGV[2], "user", args.user, "cart", cart.id, "version", version)
redis.call("PERSIST", keys.transfer)
redis.call("ZADD", keys.transfers, at, args.owner)
redis.call("DEL", keys.cart)
redis.call("ZREM", keys.expiry, args.owner)
return { "TAKEN", { "CHANGED", entry, n, at, "cart.merged", args.event, data, 0, args.trace } }
