-- Shared by the scripts of operations/ (included after cart.lua
-- and stage.lua): the steps every change has in common.
--
-- KEYS  1 cart:{s}:<owner>  2 outbox:{s}  3 expiry:{s}  4 ordinal:{s}
--       5 idem:{s}:<owner>, only when the client sent an Idempotency-Key
-- ARGV  1 JSON object:
--         owner, owner_json   the owner, and the same as a JSON string
--         ttl, grace          ms: life of a cart, and from its expiry to Redis' own clean-up
--         if_match, if_none_match   absent for none, "*" for any cart, or versions as ",3,7,": one that the
--                             cart must have, or must not have
--         key, request        the Idempotency-Key, and what must be equal for a repeat
--                             to be one; absent without a key
--         scope               what the key counts for: method and path; absent where there is one alone
--         remember, keep      how long outcomes are remembered, ms, and how many of one owner
--         event, expiry_event, cart   new ids: of the event, of a dead cart's last event, of a new cart
--         trace               traceparent or ""
--         product, quantity, stock, max_lines, max_quantity   where the operation has them
-- Result  { "CHANGED", entry id, ordinal, occurred at ms,
--           event type, event id, event data, expired 0|1|2, trace, report (of a merge) }
--           expired: 1 a cart before it had expired, 2 its data was missing; both are told of
--         { "UNCHANGED", state }              nothing to do, nothing staged, nothing remembered
--         { "REPLAYED", <a CHANGED result> }  the remembered outcome of the first request with this key
--         { "IDEMPOTENCY_KEY_REUSED" }
--         { "VERSION_MISMATCH", current version, "unwanted" where if_none_match names it }
--         { "LINE_LIMIT", most lines }  { "QUANTITY_LIMIT", most, held }  { "OUT_OF_STOCK", stock, held }
--         A refusal changes nothing and is not remembered.
-- Redis does not roll a failed script back, so the event is staged before the cart is written: what can fail
-- (a key of another type, a corrupt cart) fails before that, and no change is ever without its event.
local args = cjson.decode(ARGV[1])
local keys = { cart = KEYS[1], stream = KEYS[2], expiry = KEYS[3], counter = KEYS[4], idem = KEYS[5] }

-- A cart as it is remembered, each line as product and quantity by turns; `cart_of` undoes it. Former
-- releases have remembered the cart itself, each product twice.
local function compact(cart)
  local lines = {}
  for i, product in ipairs(cart.products) do
    lines[2 * i - 1], lines[2 * i] = product, cart.quantities[product]
  end
  return { id = cart.id, version = cart.version, expires = cart.expires, lines = lines }
end

local function cart_of(remembered)
  if not remembered.lines then return remembered end
  local cart = { id = remembered.id, version = remembered.version, expires = remembered.expires, products = {}, quantities = {} }
  for i = 1, #remembered.lines, 2 do
    local product = remembered.lines[i]
    cart.products[#cart.products + 1] = product
    cart.quantities[product] = remembered.lines[i + 1]
  end
  return cart
end

-- The result of an outcome; `data` is its event's where the caller has it at hand.
local function result_of(outcome, data)
  if outcome.state then return { "UNCHANGED", outcome.state, outcome.report } end
  return { "CHANGED", outcome.entry, outcome.n, outcome.at, outcome.type, outcome.id,
    data or event_data(cart_of(outcome.cart), args.owner_json, outcome.change), outcome.expired, outcome.trace, outcome.report }
end

-- What is remembered of this key in its scope. The scope that comes first with a key has it as it is, another
-- has it with the scope before it: so former releases, which know no scopes, find what was done first. A line
-- feed is in no client's key. From here on args.key is the name that is found, or free.
local function remembered()
  local scoped = args.scope and args.scope .. "\n" .. args.key or args.key
  local both = redis.call("HMGET", keys.idem, "k" .. scoped, "k" .. args.key)
  if not both[1] and not both[2] then return nil end
  local outcome = cmsgpack.unpack(both[1] or both[2])
  if both[1] then args.key = scoped
  elseif outcome.scope and outcome.scope ~= args.scope then
    args.key = scoped
    return nil
  end
  return outcome
end

-- What an earlier request with this key led to, or nil when this is the first.
local function recall()
  local outcome = args.key and remembered()
  if not outcome then return nil end
  if outcome.request ~= args.request then return { "IDEMPOTENCY_KEY_REUSED" } end
  -- Kept under another name, for which this one is the client's.
  if outcome.of then
    local packed = redis.call("HGET", keys.idem, "k" .. outcome.of)
    if not packed then return nil end
    outcome = cmsgpack.unpack(packed)
  end
  return { "REPLAYED", result_of(outcome) }
end

-- Keeps an outcome under a key, the newest `keep` of each owner; the oldest go first.
local function remember(outcome, key, request)
  if not key then return end
  local order = redis.call("HGET", keys.idem, "@order")
  local names = order and cmsgpack.unpack(order) or {}
  names[#names + 1] = key
  while #names > args.keep do redis.call("HDEL", keys.idem, "k" .. table.remove(names, 1)) end
  outcome.request, outcome.scope = request, args.scope
  redis.call("HSET", keys.idem, "k" .. key, cmsgpack.pack(outcome), "@order", cmsgpack.pack(names))
  redis.call("PEXPIRE", keys.idem, args.remember)
end

-- How many of a product a live cart holds.
local function held_of(cart, product)
  return cart.live and cart.quantities[product] or 0
end

-- The refusal of a cart that would hold `wanted` of the product, or nil.
local function over_limit(cart, product, wanted)
  local held = held_of(cart, product)
  local lines = cart.live and #cart.products or 0
  if held == 0 and lines >= args.max_lines then return { "LINE_LIMIT", args.max_lines } end
  if wanted > args.max_quantity then return { "QUANTITY_LIMIT", args.max_quantity, held } end
  if wanted > args.stock then return { "OUT_OF_STOCK", args.stock, held } end
  return nil
end

local function drop_product(cart, product)
  cart.quantities[product] = nil
  for i, each in ipairs(cart.products) do
    if each == product then return table.remove(cart.products, i) end
  end
end

-- Ends an expired cart with its event; a cart that is not there is created.
-- Returns the cart to change and what was told of the one before, as `expired` in the result.
local function begin(cart, now)
  if cart.live then return cart, 0 end
  local expired = 0
  if cart.dead then
    stage_expired(keys, cart, args.owner_json, args.expiry_event, now)
    expired = 1
  elseif cart.indexed then
    stage_missing(keys, cart.indexed, args.owner_json, args.expiry_event, now)
    expired = 2
  end
  return { live = true, fresh = true, id = args.cart, version = 0, products = {}, quantities = {} }, expired
end

-- Writes a changed cart, whose event is staged: the lines of the given products, version, TTL and expiry
-- index. Of a cart without lines nothing stays.
local function write(cart, touched)
  if #cart.products == 0 then
    redis.call("DEL", keys.cart)
    redis.call("ZREM", keys.expiry, args.owner)
    return
  end
  local expires = string.format("%d", cart.expires)
  local fields = { "@v", string.format("%d", cart.version), "@x", expires }
  if cart.fresh then fields[5], fields[6] = "@id", cart.id end
  if cart.ordered then
    fields[#fields + 1] = "@o"
    fields[#fields + 1] = string.format("%d", cart.ordered)
  end
  for _, product in ipairs(touched) do
    local quantity = cart.quantities[product]
    if quantity then
      fields[#fields + 1] = product
      fields[#fields + 1] = string.format("%d", quantity)
    else
      redis.call("HDEL", keys.cart, product)
    end
  end
  redis.call("HSET", keys.cart, unpack(fields))
  redis.call("PEXPIREAT", keys.cart, string.format("%d", cart.expires + args.grace))
  redis.call("ZADD", keys.expiry, expires, args.owner)
end

-- Ends a change that was made to `cart` in memory: stages its event, writes the cart, remembers the outcome.
local function commit(cart, now, event_type, change, touched, expired, report)
  cart.version = cart.version + 1
  cart.expires = #cart.products > 0 and now + args.ttl or nil
  local at = string.format("%d", now)
  local data = event_data(cart, args.owner_json, change)
  local entry, n = stage(keys.stream, keys.counter, { id = args.event, type = event_type, subject = cart.id,
    version = string.format("%d", cart.version), at = at, trace = args.trace, data = data })
  write(cart, touched)
  local outcome = { entry = entry, n = n, at = at, type = event_type, id = args.event, change = change, expired = expired,
    trace = args.trace, report = report }
  if args.key then outcome.cart = compact(cart) end
  remember(outcome, args.key, args.request)
  return result_of(outcome, data)
end

local function version_of(cart)
  return cart.live and string.format("%d", cart.version) or "0"
end

-- Whether if_match or if_none_match names the cart; an empty one is none for "*".
local function names(tags, cart)
  if tags == "*" then return cart.live end
  return string.find(tags, "," .. version_of(cart) .. ",", 1, true) ~= nil
end

-- The preamble of every operation. `change(cart, now)` returns a
-- refusal, or what to change as described at change.
local function operation(change)
  local earlier = recall()
  if earlier then return earlier end
  local now = now_ms()
  local cart = load_cart(keys.cart, now)
  -- Also to learn here, and not after the first write, that the index is of another type.
  cart.indexed = redis.call("ZSCORE", keys.expiry, args.owner)
  if args.if_match and not names(args.if_match, cart) then return { "VERSION_MISMATCH", version_of(cart) } end
  if args.if_none_match and names(args.if_none_match, cart) then
    return { "VERSION_MISMATCH", version_of(cart), "unwanted" }
  end
  return change(cart, now)
end

local function unchanged(cart)
  return { "UNCHANGED", state_of(cart) }
end

-- Takes a product out of the cart; one that is not there is no change. The last line's removal ends the cart.
local function remove_product(cart, now, product)
  if held_of(cart, product) == 0 then return unchanged(cart) end
  drop_product(cart, product)
  return commit(cart, now, "cart.updated", '{"type":"item-removed","productId":"' .. product .. '"}', { product }, 0)
end

-- Makes a product's quantity `total`, which the limits and the stock allow or not.
local function put_product(cart, now, product, total, change)
  local refusal = over_limit(cart, product, total)
  if refusal then return refusal end
  local expired
  cart, expired = begin(cart, now)
  if not cart.quantities[product] then cart.products[#cart.products + 1] = product end
  cart.quantities[product] = total
  return commit(cart, now, "cart.updated", change, { product }, expired)
end
