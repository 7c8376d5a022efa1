-- Adds a quantity of a product to a cart.
-- KEYS, ARGV 1 to 11 and results: see change.lua. Further:
-- ARGV  12 productId  13 quantity, at least 1  14 stock  15 most lines  16 most of one product
-- Refusals  { "LINE_LIMIT", most lines }  { "QUANTITY_LIMIT", most, quantity in the cart }
--           { "OUT_OF_STOCK", stock, quantity in the cart }
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
refusal = over_limit(cart, product, held_of(cart, product) + tonumber(ARGV[13]))
if refusal then return refusal end

local expired
cart, expired = begin(cart, now)
local total = redis.call("HINCRBY", keys.cart, product, ARGV[13])
if not cart.quantities[product] then cart.products[#cart.products + 1] = product end
cart.quantities[product] = total
return commit(cart, now, "cart.updated",
  '{"type":"item-added","productId":"' .. product .. '","quantity":' .. ARGV[13] .. "}", expired)
