-- Begins a session with its first refresh token.
-- KEYS  1 session:{<guest's id>}
-- ARGV  1 JSON object: family and current (hashes, see session.lua), lifetime (ms)
-- Result  OK
local args = cjson.decode(ARGV[1])
local session = cmsgpack.pack({ family = args.family, current = args.current, before = {} })
return redis.call("SET", KEYS[1], session, "PX", args.lifetime)
