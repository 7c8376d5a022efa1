-- Shared by the scripts that look at the claim on a cart's checkout (included, not run by itself).

-- The claim on the cart: { token, key, request, till, undecided }; nil when nobody has one.
local function claim_on(claim)
  local packed = redis.call("GET", claim)
  return packed and cmsgpack.unpack(packed) or nil
end

-- The claim on the cart, if it is of this token.
local function claim_of(claim, token)
  local held = claim_on(claim)
  return held and held.token == token and held or nil
end

-- What merges are told of the checkout that has the claim: it is under way, or undecided; nil for none.
local function open_checkout(claim, now)
  local held = claim_on(claim)
  if not held then return nil end
  if now < (held.till or math.huge) then return { "ORDERING" } end
  return { "UNDECIDED", held.token }
end
