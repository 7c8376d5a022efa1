-- The second step of a merge: a user's cart gains the lines of a transfer, once, however often this is
-- run and by any process: the outcome is remembered under the guest cart's id and version. What decides is
-- in the transfer, so that it comes out the same whenever it is run; only the user's own cart is looked
-- at now. What the user has ordered is no longer the cart's, so while the cart is claimed by a checkout it is
-- not joined before the caller has taken out what was ordered; an order that is committed after that is one
-- of the cart as it was before the merge.
-- KEYS  1 to 4 as for every change, see change.lua  5 idem:{s}:merge:<user>  6 checkout:{s}:<user>
-- ARGV  as for every change, without if_match, product, quantity and stock, and
--         key, request    the guest cart's id and version
--         strategy        max, sum, keep-user or keep-guest: what becomes of a product that both carts have
--         lines           [{ product, quantity, stock (absent when it is no longer sold) }, ...] of the guest
--         change          the event's change as JSON text
--         settled         the token of a claim whose order the caller has taken out of the cart; or absent
--         client_key, client_request   of the client's Idempotency-Key; absent without one
-- Result  as for every change, a CHANGED or UNCHANGED one with a report at its end:
--         { { product, merged | kept | capped | dropped, guest's quantity, user's, now, reason or "" }, ... }
--         { "UNDECIDED", token }  a checkout of another claim may have led to an order; nothing was done
--         A line is never less than the user had before, but for a keep-guest that says so.
--- @flags allow-oom
--- @include "cart.lua"
--- @include "stage.lua"
--- @include "change.lua"
--- @include "claimed.lua"
keys.claim = KEYS[6]
local earlier = recall()
if earlier then return earlier end
local claim = claim_on(keys.claim)
if claim and claim.token ~= args.settled then return { "UNDECIDED", claim.token } end
local now = now_ms()
local cart = load_cart(keys.cart, now)
cart.indexed = redis.call("ZSCORE", keys.expiry, args.owner)

local wanted_by = {
  ["max"] = math.max,
  ["sum"] = function(guest, held) return guest + held end,
  ["keep-user"] = function(guest, held) return held > 0 and held or guest end,
  ["keep-guest"] = function(guest) return guest end,
}
local lines = cart.live and #cart.products or 0

-- The most that the cart may hold of a line's product, and what bounds it.
local function allowed(line, held)
  if not line.stock then return 0, "PRODUCT_NOT_FOUND" end
  if held == 0 and lines >= args.max_lines then return 0, "LINE_LIMIT" end
  if line.stock < args.max_quantity then return line.stock, "OUT_OF_STOCK" end
  return args.max_quantity, "QUANTITY_LIMIT"
end

local report, touched, quantities = {}, {}, {}
for i, line in ipairs(args.lines) do
  local held = held_of(cart, line.product)
  local wanted = wanted_by[args.strategy](line.quantity, held)
  local most, bound = allowed(line, held)
  local quantity = wanted <= most and wanted or math.max(most, math.min(held, wanted))
  local outcome = quantity == 0 and "dropped" or quantity < wanted and "capped" or quantity == held and "kept" or "merged"
  report[i] = { line.product, outcome, line.quantity, held, quantity, quantity < wanted and bound or "" }
  if quantity ~= held then
    if held == 0 then lines = lines + 1 end
    touched[#touched + 1] = line.product
    quantities[line.product] = quantity
  end
end

local function remember_for_client()
  if args.client_key then remember({ of = args.key }, args.client_key, args.client_request) end
end

if #touched == 0 then
  local outcome = { state = state_of(cart), report = report }
  remember(outcome, args.key, args.request)
  remember_for_client()
  return result_of(outcome)
end
local expired
cart, expired = begin(cart, now)
for _, product in ipairs(touched) do
  if not cart.quantities[product] then cart.products[#cart.products + 1] = product end
  cart.quantities[product] = quantities[product]
end
local result = commit(cart, now, "cart.updated", args.change, touched, expired, report)
remember_for_client()
return result
