-- Ends a session.
-- KEYS  1 session:{<guest's id>}
-- ARGV  1 the hash of the secret that all its refresh tokens have
-- Result  1 when it was, 0 when there is none, or one with another secret
--- @flags allow-oom
--- @include "session.lua"
local session = load_session(KEYS[1])
if not session or session.family ~= ARGV[1] then return 0 end
return redis.call("DEL", KEYS[1])
