-- Tells of a live cart that comes near its end by cart.expiring: once in each of its lives, however many
-- sweepers try. A life goes to one expiry: whoever renews the cart begins another, and is told again when
-- that one comes near its end. The telling takes a version, and renews nothing.
-- KEYS  1 cart:{s}:<owner>  2 outbox:{s}  3 ordinal:{s}  4 expiring:{s}
-- ARGV  1 JSON object: owner, owner_json (the same as a JSON string), event (a new event id), notice (ms)
-- Result  "TOLD"   the event is staged
--         "KNOWN"  this life was told of before
--         "LATER"  it has more time left than the notice: it has been renewed
--         "OVER"   there is no such cart any more
--- @include "cart.lua"
--- @include "stage.lua"
local args = cjson.decode(ARGV[1])
local keys = { cart = KEYS[1], stream = KEYS[2], counter = KEYS[3], told = KEYS[4] }
local now = now_ms()
local cart = load_cart(keys.cart, now)
local told = redis.call("ZSCORE", keys.told, args.owner)
local kept = redis.call("PEXPIRETIME", keys.told)
if not cart.live then return "OVER" end
if cart.expires > now + args.notice then return "LATER" end
if tonumber(told or 0) == cart.expires then return "KNOWN" end

cart.version = cart.version + 1
local version, expires = string.format("%d", cart.version), string.format("%d", cart.expires)
stage(keys.stream, keys.counter, { id = args.event, type = "cart.expiring", subject = cart.id, version = version,
  at = string.format("%d", now), trace = "",
  data = event_data(cart, args.owner_json, '{"type":"cart-expiring"}', owner_kind(args.owner_json)) })
redis.call("HSET", keys.cart, "@v", version)
redis.call("ZADD", keys.told, expires, args.owner)
-- The key goes by itself where nobody sweeps any more.
redis.call("PEXPIREAT", keys.told, string.format("%d", math.max(kept, cart.expires)))
return "TOLD"
