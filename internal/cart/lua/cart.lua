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
-- `a - a % n` is the multiple of n below, without a call.
local function iso8601(ms)
  local rest = ms % 86400000
  local days = (ms - rest) / 86400000 + 719468
  local doe = days % 146097
  local yoe = doe - (doe - doe % 1460) / 1460 + (doe - doe % 36524) / 36524 - (doe - doe % 146096) / 146096
  yoe = (yoe - yoe % 365) / 365
  local doy = doe - (365 * yoe + (yoe - yoe % 4) / 4 - (yoe - yoe % 100) / 100)
  local mp = (5 * doy + 2 - (5 * doy + 2) % 153) / 153
  local month = mp < 10 and mp + 3 or mp - 9
  local year = yoe + (days - doe) / 146097 * 400 + (month <= 2 and 1 or 0)
  local before = 153 * mp + 2
  return string.format("%04d-%02d-%02dT%02d:%02d:%02d.%03dZ", year, month, doy - (before - before % 5) / 5 + 1,
    rest / 3600000, rest / 60000 % 60, rest / 1000 % 60, rest % 1000)
end

-- Names what is wrong with the cart's data, before anything is written.
local function corrupt(key, field, fault)
  error({ err = "CORRUPT cart " .. key .. ": field " .. field .. " is " .. fault })
end

-- The cart as it is now: { live, dead, id, version, expires, ordered, products = {id...},
-- quantities = {id = n} }.
-- `dead` is true for a cart that has expired but has not been
-- told of yet; its id, version and lines are still there.
local function load_cart(key, now)
  local flat = redis.call("HGETALL", key)
  local products, quantities, count = {}, {}, 0
  local cart = { live = false, dead = false, version = 0, products = products, quantities = quantities }
  for i = 1, #flat, 2 do
    local field, value = flat[i], flat[i + 1]
    if field == "@id" then cart.id = value
    else
      local number = tonumber(value) or corrupt(key, field, "not a number")
      if field == "@v" then cart.version = number
      elseif field == "@x" then cart.expires = number
      elseif field == "@o" then cart.ordered = number
      else
        count = count + 1
        products[count], quantities[field] = field, number
      end
    end
  end
  if cart.expires then
    if not cart.id then corrupt(key, "@id", "missing") end
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
    items[i] = string.format('{"productId":"%s","quantity":%d}', product, cart.quantities[product])
  end
  return string.format('"cartId":"%s","version":%d,"items":[%s],"expiresAt":%s', cart.id, cart.version,
    table.concat(items, ","), cart.expires and '"' .. iso8601(cart.expires) .. '"' or "null")
end

local EMPTY = '{"cartId":null,"version":0,"items":[],"expiresAt":null}'

-- What a reader sees: a cart without lines is no cart.
local function state_of(cart)
  if not cart.live or #cart.products == 0 then return EMPTY end
  return "{" .. describe(cart) .. "}"
end
