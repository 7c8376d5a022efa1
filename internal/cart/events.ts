import type { EventOrigin } from "../platform/event/event.ts";

/**
 * The cart's events; `lua/stage.lua` writes the same into what it stages. The sequence is the cart's version.
 */
export const CART_EVENTS: EventOrigin = { source: "/cartwright/cart", sequenceName: "cartversion" };
