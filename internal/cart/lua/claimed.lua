-- Shared by the scripts that end the claim on a cart's checkout (included, not run by itself).

-- Whether the claim of this token is on the cart.
local function claimed_by(claim, token)
  local packed = redis.call("GET", claim)
  return packed and cmsgpack.unpack(packed).token == token
end
