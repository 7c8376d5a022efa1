-- Shared by the scripts that end the claim on a cart's checkout (included, not run by itself).

-- The claim on the cart, if it is of this token: { token, key, request, till, undecided }.
local function claim_of(claim, token)
  local packed = redis.call("GET", claim)
  local held = packed and cmsgpack.unpack(packed)
  return held and held.token == token and held or nil
end
