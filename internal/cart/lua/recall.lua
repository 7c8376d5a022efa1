-- Looks up the outcome of an earlier request with the same Idempotency-Key, without touching the cart.
-- KEYS and ARGV as for every change, see change.lua; of ARGV owner_json, key and request are read.
-- Result  nil when the request is new, else { "IDEMPOTENCY_KEY_REUSED" } or { "REPLAYED", <result> }
--- @flags allow-oom
--- @include "cart.lua"
--- @include "stage.lua"
--- @include "change.lua"
return recall()
