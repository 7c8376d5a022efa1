-- Looks up the outcome of an earlier request with the same idempotency key, without touching the cart.
-- KEYS  1 idem:{s}:<owner>:<key>
-- ARGV  1 fingerprint of the request
-- Result  nil when the request is new, else { "IDEMPOTENCY_KEY_REUSED" } or { "REPLAYED", <result, see change.lua> }
--- @keys 1
local record = redis.call("HMGET", KEYS[1], "request", "result")
if not record[1] then return nil end
if record[1] ~= ARGV[1] then return { "IDEMPOTENCY_KEY_REUSED" } end
return { "REPLAYED", cjson.decode(record[2]) }
