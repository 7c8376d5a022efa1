-- How far a checkout of the cart has come, of which nobody has said yet that it is over.
-- KEYS  1 checkout:{s}:<owner>
-- Result  nil                     there is none
--         { "ORDERING" }          one is under way
--         { "UNDECIDED", token }  nobody knows whether it, or one before it, led to an order
--- @flags allow-oom
--- @include "cart.lua"
--- @include "claimed.lua"
return open_checkout(KEYS[1], now_ms())
