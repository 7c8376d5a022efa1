-- What the scripts of sessions share. A session is a string with cmsgpack of
--   family   the hash of the secret that all its refresh tokens have
--   current  the hash of the token that counts
--   before   those that it has replaced, oldest first: hash, end of its grace (ms), hash, end, ...
-- and lives as long as its key does, which a refresh does not prolong.

local function load_session(key)
  local packed = redis.call("GET", key)
  return packed and cmsgpack.unpack(packed)
end

local function now_ms()
  local time = redis.call("TIME")
  return time[1] * 1000 + math.floor(time[2] / 1000)
end
