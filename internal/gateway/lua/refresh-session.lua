-- Judges a refresh token, and puts its successor in its place.
-- KEYS  1 session:{<guest's id>}
-- ARGV  1 JSON object: family and presented (hashes of the token, see session.lua), successors (the hashes
--         that each key derives, the first for a rotation; none to judge alone), grace (ms), most (replaced
--         tokens that are kept)
-- Result  { "ROTATED", 1, left }     it was the current one; left: ms to the session's end
--         { "REPEATED", at, left }   replaced within its grace by successors[at]
--         { "HELD", 0, left }        either of these, without successors
--         { "REUSED" }               replaced before its grace: the session is ended
--         { "ENDED" }                there is no session
--         { "FORGED" }               not a token of this session, which stays as it is
--         { "UNDERIVABLE" }          replaced within its grace by none of successors
--- @flags allow-oom
--- @include "session.lua"
local args = cjson.decode(ARGV[1])
local session = load_session(KEYS[1])
if not session then return { "ENDED" } end
if session.family ~= args.family then return { "FORGED" } end
local now, left = now_ms(), redis.call("PTTL", KEYS[1])

local in_grace = {}
local replaced_by
for i = 1, #session.before, 2 do
  local hash, ends = session.before[i], session.before[i + 1]
  if ends > now then
    in_grace[#in_grace + 1] = hash
    in_grace[#in_grace + 1] = ends
    if hash == args.presented then replaced_by = session.before[i + 2] or session.current end
  end
end
local is_current = session.current == args.presented
if not is_current and not replaced_by then
  redis.call("DEL", KEYS[1])
  return { "REUSED" }
end
if #args.successors == 0 then return { "HELD", 0, left } end

if replaced_by then
  for at, hash in ipairs(args.successors) do
    if hash == replaced_by then return { "REPEATED", at, left } end
  end
  return { "UNDERIVABLE" }
end

in_grace[#in_grace + 1] = session.current
in_grace[#in_grace + 1] = now + args.grace
while #in_grace > 2 * args.most do
  table.remove(in_grace, 1)
  table.remove(in_grace, 1)
end
session.current = args.successors[1]
session.before = in_grace
redis.call("SET", KEYS[1], cmsgpack.pack(session), "KEEPTTL")
return { "ROTATED", 1, left }
