-- Takes what was ordered out of the cart that the order was made from, once, however often it is run and
-- after whatever: a cart that has been reduced since the order's version (@o), that has ended or that is
-- another one is left as it is. What came into the cart after the order's version stays. The checkout that
-- has placed the order ends its claim with it.
-- KEYS  1 cart:{s}:<owner>  2 outbox:{s}  3 expiry:{s}  4 ordinal:{s}
--       5 checkout:{s}:<owner>, only with a token
-- ARGV  1 JSON object: owner, owner_json, event, trace as for every change, see change.lua, and
--         order              the order's id
--         cart_id, version   the cart that it was made from, and its version then
--         lines              [{ product, quantity }, ...]
--         token              of the claim; absent for none
-- Result  { "CHANGED", ... } or { "UNCHANGED", state }, as every change
--- @flags allow-oom
--- @include "cart.lua"
--- @include "stage.lua"
--- @include "change.lua"
--- @include "claimed.lua"
keys.claim = KEYS[5]
local now = now_ms()
local cart = load_cart(keys.cart, now)

-- Takes the order's lines out of the cart in memory; returns the products that it had any of.
local function take_out(lines)
  local touched = {}
  for _, line in ipairs(lines) do
    local held = held_of(cart, line.product)
    if held > 0 then
      if held > line.quantity then cart.quantities[line.product] = held - line.quantity
      else drop_product(cart, line.product) end
      touched[#touched + 1] = line.product
    end
  end
  return touched
end

local function reduce()
  local reduced = cart.ordered and cart.ordered > args.version
  if not cart.live or cart.id ~= args.cart_id or reduced then return unchanged(cart) end
  redis.call("ZSCORE", keys.expiry, args.owner)
  -- Not the shopper's doing: the cart expires when it would have.
  args.ttl = cart.expires - now
  args.grace = math.max(redis.call("PEXPIRETIME", keys.cart) - cart.expires, 0)
  local touched = take_out(args.lines)
  if #touched == 0 then
    -- All of it was removed meanwhile: a repeat must not take what comes into the cart from now on.
    cart.version = math.max(cart.version, args.version + 1)
    local version = string.format("%d", cart.version)
    redis.call("HSET", keys.cart, "@v", version, "@o", version)
    return unchanged(cart)
  end
  -- A failover may have lost the versions up to the order's: the cart goes on after them.
  cart.version = math.max(cart.version, args.version)
  cart.ordered = cart.version + 1
  return commit(cart, now, "cart.updated", '{"type":"ordered","orderId":"' .. args.order .. '"}', touched, 0)
end

-- Asked before the first write: a claim of another type fails here.
local claimed = args.token and claim_of(keys.claim, args.token)
local result = reduce()
if claimed then redis.call("DEL", keys.claim) end
return result
