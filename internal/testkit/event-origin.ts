import type { EventOrigin } from "../platform/event/event.ts";

/** What the tests' own events come from: the same as the cart's, so that its consumers read them. */
export const ORIGIN: EventOrigin = { source: "/cartwright/cart", sequenceName: "cartversion" };
