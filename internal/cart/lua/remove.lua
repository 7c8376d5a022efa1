-- Removes args.product; a product that is not there is no change.
-- KEYS, ARGV and results: see change.lua.
--- @flags allow-oom
--- @include "cart.lua"
--- @include "stage.lua"
--- @include "change.lua"
return operation(function(cart, now) return remove_product(cart, now, args.product) end)
