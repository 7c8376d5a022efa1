-- Adds args.quantity (at least 1) to the quantity of args.product.
-- KEYS, ARGV and results: see change.lua.
--- @include "cart.lua"
--- @include "stage.lua"
--- @include "change.lua"
return operation(function(cart, now)
  local product = args.product
  return put_product(cart, now, product, held_of(cart, product) + args.quantity,
    '{"type":"item-added","productId":"' .. product .. '","quantity":' .. string.format("%d", args.quantity) .. "}")
end)
