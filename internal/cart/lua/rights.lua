-- Asks whether the user of this connection may run what the cart's scripts run.
-- KEYS  the keys of one shard
-- ARGV  1 JSON array of { command, index of its key in KEYS, or 0 for a command without one }
-- Result  the first that Redis would refuse, as "COMMAND" or "COMMAND on key", or nil
--- @flags allow-oom

-- Redis 8 wants as many arguments as the command needs at least; 7 takes any number.
local function may(command, key)
  local call = { command, key }
  for _ = 1, 8 do
    local known, allowed = pcall(redis.acl_check_cmd, unpack(call))
    if known then return allowed end
    call[#call + 1] = "x"
  end
  return redis.acl_check_cmd(unpack(call))
end

for _, call in ipairs(cjson.decode(ARGV[1])) do
  local command, key = call[1], KEYS[call[2]]
  if not may(command, key) then return key and command .. " on " .. key or command end
end
return nil
