-- Asks whether the user of this connection may run what the cart's scripts run.
-- KEYS  the keys of one shard
-- ARGV  1 JSON array of { command, index of its key in KEYS, or 0 for a command without one }
-- Result  the first that Redis would refuse, as "COMMAND" or "COMMAND on key", or nil
--- @flags allow-oom
for _, call in ipairs(cjson.decode(ARGV[1])) do
  local command, key = call[1], KEYS[call[2]]
  if key and not redis.acl_check_cmd(command, key) then return command .. " on " .. key end
  if not key and not redis.acl_check_cmd(command) then return command end
end
return nil
