-- Makes the quantity of args.product args.quantity; 0 removes it, and the quantity it has is no change.
-- KEYS, ARGV and results: see change.lua.
--- @include "cart.lua"
--- @include "stage.lua"
--- @include "change.lua"
return operation(function(cart, now)
  local product, quantity = args.product, args.quantity
  if quantity == 0 then return remove_product(cart, now, product) end
  if held_of(cart, product) == quantity then return unchanged(cart) end
  return put_product(cart, now, product, quantity,
    '{"type":"item-set","productId":"' .. product .. '","quantity":' .. string.format("%d", quantity) .. "}")
end)
