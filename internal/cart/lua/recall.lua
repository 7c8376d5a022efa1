-- Looks up the outcome of an earlier request with the same Idempotency-Key, without touching the cart.
-- KEYS and ARGV as for every change, see change.lua; of ARGV owner_json, key, scope and request are read, and
--         client_key, client_request   of an Idempotency-Key that leads to the outcome from now on, unless it
--                                      leads to another one already; absent for none
--         remember, keep               with these
-- Result  nil when the request is new, else { "IDEMPOTENCY_KEY_REUSED" } or { "REPLAYED", <result> }
--- @flags allow-oom
--- @include "cart.lua"
--- @include "stage.lua"
--- @include "change.lua"
local earlier = recall()
if earlier and args.client_key and redis.call("HEXISTS", keys.idem, "k" .. args.client_key) == 0 then
  remember({ of = args.key }, args.client_key, args.client_request)
end
return earlier
