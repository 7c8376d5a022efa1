import { fixedKeyRing } from "../platform/identity/key-ring.ts";

export const SESSION_SECRET = "a-secret-of-the-gateway-s-sessions";
export const INTERNAL_SECRET = "a-secret-between-gateway-and-cart";
export const SESSION_KEYS = fixedKeyRing(SESSION_SECRET);
export const INTERNAL_KEYS = fixedKeyRing(INTERNAL_SECRET);
/** Whom the gateway's internal tokens are for. */
export const CART_AUDIENCE = "cartwright-cart";
