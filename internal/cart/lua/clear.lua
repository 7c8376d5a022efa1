-- Empties a cart and so ends it; an empty cart is no change.
-- KEYS, ARGV and results: see change.lua.
--- @flags allow-oom
--- @include "cart.lua"
--- @include "stage.lua"
--- @include "change.lua"
return operation(function(cart, now)
  if not cart.live then return unchanged(cart) end
  cart.products, cart.quantities = {}, {}
  return commit(cart, now, "cart.cleared", '{"type":"cart-cleared"}', {}, 0)
end)
