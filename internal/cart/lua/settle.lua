-- The last step of a merge: a transfer that was given no longer waits. What is left says for a while
-- where the guest's cart went, so that a repeat of the merge finds its outcome.
-- KEYS  1 transfer:{s}:<guest>  2 transfers:{s}
-- ARGV  1 JSON object: owner (the guest), cart, version (of the transfer, as text), remember (ms)
-- Result  1, or 0 when another transfer of this guest waits by now
--- @flags allow-oom
local args = cjson.decode(ARGV[1])
local keys = { transfer = KEYS[1], transfers = KEYS[2] }
local last = redis.call("HMGET", keys.transfer, "pending", "cart", "version")
redis.call("ZSCORE", keys.transfers, args.owner)
if last[1] then
  if last[2] ~= args.cart or last[3] ~= args.version then return 0 end
  redis.call("HDEL", keys.transfer, "pending")
  redis.call("PEXPIRE", keys.transfer, args.remember)
end
redis.call("ZREM", keys.transfers, args.owner)
return 1
