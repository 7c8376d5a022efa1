-- Shared by the scripts that change a cart (included after cart.lua).

-- What all events of carts have in common, as CART_EVENTS of events.ts says it.
local SOURCE, SEQUENCE_NAME = "/cartwright/cart", "cartversion"

-- Appends one event to the shard's outbox stream, complete: what the SQL row needs is in
-- the entry. `n` is the shard's staging counter, dense, so that a forwarder can tell
-- whether it has seen everything before this event. Returns the entry id and n.
local function stage(stream, counter, event)
  local n = redis.call("INCR", counter)
  local entry = redis.call("XADD", stream, "*", "id", event.id, "source", SOURCE, "type", event.type,
    "subject", event.subject, "seqname", SEQUENCE_NAME, "version", event.version, "at", event.at, "trace", event.trace, "n", n, "data", event.data)
  return entry, n
end

-- The event's data: the full state after the change, so that a consumer needs no history. `more` are
-- further fields, each with a comma before it.
local function event_data(cart, owner_json, change, more)
  return '{"owner":' .. owner_json .. (more or "") .. ',"change":' .. change .. "," .. describe(cart) .. "}"
end

-- Whose cart it is, a user's or a guest's, as a further field: of events that lead a shop to its shoppers.
local function owner_kind(owner_json)
  return ',"ownerKind":"' .. string.match(owner_json, '^"(%a*)') .. '"'
end

-- Tells of a cart that the expiry index still holds and Redis no longer: evicted, or past its grace. Its id,
-- version and lines are unknown; the event's own id stands for the cart's.
local function stage_missing(keys, indexed, owner_json, event_id, now)
  return stage(keys.stream, keys.counter, { id = event_id, type = "cart.expired", subject = event_id, version = "1",
    at = string.format("%d", now), trace = "", data = '{"owner":' .. owner_json .. owner_kind(owner_json)
      .. ',"change":{"type":"cart-expired","reason":"missing"},"cartId":null,"version":null,"items":null,"expiresAt":"'
      .. iso8601(tonumber(indexed)) .. '"}' })
end

-- Turns a dead cart into its one cart.expired event, with the lines it died with, and forgets it.
-- Expiry is a change like any other, so it takes the next version.
local function stage_expired(keys, cart, owner_json, event_id, now)
  cart.version = cart.version + 1
  local entry, n = stage(keys.stream, keys.counter, { id = event_id, type = "cart.expired", subject = cart.id,
    version = string.format("%d", cart.version), at = string.format("%d", now), trace = "",
    data = event_data(cart, owner_json, '{"type":"cart-expired"}', owner_kind(owner_json)) })
  redis.call("DEL", keys.cart)
  return entry, n
end
