-- Empties a cart and so ends it; an empty cart is no change.
-- KEYS, ARGV 1 to 11 and results: see change.lua.
--- @keys 5
--- @include "cart.lua"
--- @include "stage.lua"
--- @include "change.lua"
local earlier = recall()
if earlier then return earlier end
local now = now_ms()
local cart = load_cart(keys.cart, now)
local refusal = mismatch(cart)
if refusal then return refusal end

if not cart.live then return unchanged(cart) end
cart.products, cart.quantities = {}, {}
return commit(cart, now, "cart.cleared", '{"type":"cart-cleared"}', 0)
