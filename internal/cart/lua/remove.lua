-- Removes a product from a cart; a product that is not there is no change. The last line's removal ends the cart.
-- KEYS, ARGV 1 to 11 and results: see change.lua. Further:
-- ARGV  12 productId
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

local product = ARGV[12]
if not cart.live or not cart.quantities[product] then return unchanged(cart) end
redis.call("HDEL", keys.cart, product)
drop_product(cart, product)
return commit(cart, now, "cart.updated", '{"type":"item-removed","productId":"' .. product .. '"}', 0)
