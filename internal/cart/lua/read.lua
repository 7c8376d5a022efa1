-- Reads a cart.
-- KEYS  1 cart:{s}:<owner>
-- Result  the state as JSON:
--         {"cartId","version","items":[{"productId","quantity"}],"expiresAt"}; version 0 when empty
--- @flags allow-oom
--- @include "cart.lua"
return state_of(load_cart(KEYS[1], now_ms()))
