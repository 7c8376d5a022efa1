-- Shared by every cart script (included, not run by itself).
--
-- A cart is the hash KEYS[1]: productId -> quantity, and the reserved fields @id (cart id), @v
-- (version), @x (expiry, epoch ms) and, once something was ordered from it, @o (its version when the
-- last order's lines were taken out). A product id never starts with "@". A cart is empty the
-- moment @x has passed, by Redis' clock, whether or not anything has cleaned it up.

-- Redis' clock, epoch ms. Frozen while a script runs.
local function now_ms()
  local t = redis.call("TIME")
  return t[1] * 1000 + math.floor(t[2] / 1000)
end

-- Days to civil date after Howard Hinnant,
-- https://howardhinnant.github.io/date_algorithms.html#civil_from_days
local function iso8601(ms)
  local days = math.floor(ms / 86400000)
  local rest = ms - days * 86400000
  local z = days + 719468
  local era = math.floor(z / 146097)
  local doe = z - era * 146097
  local yoe = math.floor((doe - math.floor(doe / 1460) + math.floor(doe / 36524) - math.floor(doe / 146096)) / 365)
  local doy = doe - (365 * yoe + math.floor(yoe / 4) - math.floor(yoe / 100))
  local mp = math.floor((5 * doy + 2) / 153)
  local month = mp < 10 and mp + 3 or mp - 9
  local year = yoe + era * 400 + (month <= 2 and 1 or 0)
  return string.format("%04d-%02d-%02dT%02d:%02d:%02d.%03dZ", year, month, doy - math.floor((153 * mp + 2) / 5) + 1,
    math.floor(rest / 3600000), math.floor(rest / 60000) % 60, math.floor(rest / 1000) % 60, rest % 1000)
end

-- A number that the cart holds; a corrupt one is named, before anything is written.
local function number_of(key, field, value)
  return tonumber(value) or error({ err = "CORRUPT cart " .. key .. ": field " .. field .. " is not a number" })
end

-- The cart as it is now: { live, dead, id, version, expires, ordered, products = {id...},
-- quantities = {id = n} }.
-- `dead` is true for a cart that has expired but has not been
-- told of yet; its id, version and lines are still there.
local function load_cart(key, now)
  local flat = redis.call("HGETALL", key)
  local cart = { live = false, dead = false, version = 0, products = {}, quantities = {} }
  for i = 1, #flat, 2 do
    local field, value = flat[i], flat[i + 1]
    if field == "@id" then cart.id = value
    elseif field == "@v" then cart.version = number_of(key, field, value)
    elseif field == "@x" then cart.expires = number_of(key, field, value)
    elseif field == "@o" then cart.ordered = number_of(key, field, value)
    else
      cart.products[#cart.products + 1] = field
      cart.quantities[field] = number_of(key, field, value)
    end
  end
  if cart.expires then
    cart.live = cart.expires > now
    cart.dead = not cart.live
  end
  return cart
end

-- `"cartId":...,"version":...,"items":[...],"expiresAt":...`
-- without braces: the part that state and events share.
local function describe(cart)
  local items = {}
  for i, product in ipairs(cart.products) do
    items[i] = '{"productId":"' .. product .. '","quantity":' .. string.format("%d", cart.quantities[product]) .. "}"
  end
  return '"cartId":"' .. cart.id .. '","version":' .. string.format("%d", cart.version) .. ',"items":['
    .. table.concat(items, ",") .. '],"expiresAt":' .. (cart.expires and ('"' .. iso8601(cart.expires) .. '"') or "null")
end

local EMPTY = '{"cartId":null,"version":0,"items":[],"expiresAt":null}'

-- What a reader sees: a cart without lines is no cart.
local function state_of(cart)
  if not cart.live or #cart.products == 0 then return EMPTY end
  return "{" .. describe(cart) .. "}"
end
