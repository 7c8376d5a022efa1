-- Shared by add, set, remove and clear (included after cart.lua and stage.lua): the steps every change has in common.
--
-- KEYS  1 cart:{s}:<owner>  2 outbox:{s}  3 expiry:{s}  4 ordinal:{s}  5 idem:{s}:<owner>:<key>
-- ARGV  1 owner             2 owner as a JSON string
--       3 ttl, ms           4 grace between expiry and Redis' own clean-up, ms
--       5 If-Match: "" for none, "*", or the accepted versions as ",3,7,"
--       6 idempotency fingerprint of the request, "" for no key   7 how long to remember the outcome, ms
--       8 event id          9 event id for the expiry of a dead cart   10 id for a new cart   11 traceparent or ""
--       12.. the operation's own
-- Result  { "CHANGED", entry id, ordinal, occurred at ms, event type, event id, event data, expired 0|1,
--           traceparent or "" }
--         { "UNCHANGED", state }              nothing to do, nothing staged
--         { "REPLAYED", <a result as above, as it was remembered> }
--         { "IDEMPOTENCY_KEY_REUSED" }
--         { "VERSION_MISMATCH", current version }
--         or the operation's own refusal; a refusal changes nothing and is not remembered
local keys = { cart = KEYS[1], stream = KEYS[2], expiry = KEYS[3], counter = KEYS[4], idem = KEYS[5] }

-- What an earlier request with this key led to, or nil when this is the first.
local function recall()
  if ARGV[6] == "" then return nil end
  local record = redis.call("HMGET", keys.idem, "request", "result")
  if not record[1] then return nil end
  if record[1] ~= ARGV[6] then return { "IDEMPOTENCY_KEY_REUSED" } end
  return { "REPLAYED", cjson.decode(record[2]) }
end

local function remember(result)
  if ARGV[6] ~= "" then
    redis.call("HSET", keys.idem, "request", ARGV[6], "result", cjson.encode(result))
    redis.call("PEXPIRE", keys.idem, ARGV[7])
  end
  return result
end

-- nil when If-Match allows the change.
local function mismatch(cart)
  if ARGV[5] == "" or ARGV[5] == "*" then return nil end
  local version = cart.live and string.format("%d", cart.version) or "0"
  if string.find(ARGV[5], "," .. version .. ",", 1, true) then return nil end
  return { "VERSION_MISMATCH", version }
end

-- How many of a product a live cart holds.
local function held_of(cart, product)
  return cart.live and cart.quantities[product] or 0
end

-- For add and set, whose ARGV 14 is the stock, 15 the most lines, 16 the most of one product: the refusal of a cart
-- that would hold `wanted` of the product, or nil.
local function over_limit(cart, product, wanted)
  local held = held_of(cart, product)
  local lines = cart.live and #cart.products or 0
  if held == 0 and lines >= tonumber(ARGV[15]) then return { "LINE_LIMIT", ARGV[15] } end
  if wanted > tonumber(ARGV[16]) then return { "QUANTITY_LIMIT", ARGV[16], string.format("%d", held) } end
  if wanted > tonumber(ARGV[14]) then return { "OUT_OF_STOCK", ARGV[14], string.format("%d", held) } end
  return nil
end

-- Runs before anything is written: a cart that is dead is told of, and a cart that is not there begins.
-- Returns the cart to change and whether an expiry was told.
local function begin(cart, now)
  if cart.live then return cart, 0 end
  local expired = 0
  if cart.dead then
    stage_expired(keys, cart, ARGV[2], ARGV[9], now)
    expired = 1
  end
  local fresh = { live = true, dead = false, id = ARGV[10], version = 0, products = {}, quantities = {} }
  redis.call("HSET", keys.cart, "@id", fresh.id)
  return fresh, expired
end

-- Ends a change whose lines are already written: version, TTL, expiry index, event. A cart left without lines ends here.
local function commit(cart, now, event_type, change, expired)
  if #cart.products == 0 then
    cart.version = cart.version + 1
    cart.expires = nil
    redis.call("DEL", keys.cart)
    redis.call("ZREM", keys.expiry, ARGV[1])
  else
    cart.version = redis.call("HINCRBY", keys.cart, "@v", 1)
    cart.expires = now + ARGV[3]
    local expires = string.format("%d", cart.expires)
    redis.call("HSET", keys.cart, "@x", expires)
    redis.call("PEXPIREAT", keys.cart, string.format("%d", cart.expires + ARGV[4]))
    redis.call("ZADD", keys.expiry, expires, ARGV[1])
  end
  local at = string.format("%d", now)
  local data = event_data(cart, ARGV[2], change)
  local entry, n = stage(keys.stream, keys.counter, { id = ARGV[8], type = event_type, subject = cart.id,
    version = string.format("%d", cart.version), at = at, trace = ARGV[11], data = data })
  return remember({ "CHANGED", entry, n, at, event_type, ARGV[8], data, expired, ARGV[11] })
end

local function unchanged(cart)
  return remember({ "UNCHANGED", state_of(cart) })
end

local function drop_product(cart, product)
  cart.quantities[product] = nil
  for i, each in ipairs(cart.products) do
    if each == product then
      table.remove(cart.products, i)
      return
    end
  end
end
