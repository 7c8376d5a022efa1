import { check } from "./checker.ts";
import type { Arrival, Attempt, History, Line, SeenCart } from "./history.ts";

export const OWNER = "user:ann";
/** What every answer about one owner says of caches. */
export const OWN = { age: null, status: null, control: "no-store" };
export const EMPTY: SeenCart = { cartId: null, version: 0, items: [] };
export const unknown = { kind: "unknown", reason: "no answer" } as const;
export const trace = (n: number) => String(n).repeat(32);
export const rules = (history: History) => check(history).map(({ rule }) => rule);

/**
 * A story that keeps every promise: two adds, a set to what is
 * there already, a read, a removal that ends the cart.
 */
export function honest() {
  const cart = (version: number, quantity: number): SeenCart => ({
    cartId: "c1",
    version,
    items: [{ productId: "mug", quantity }],
  });
  const attempt = (n: number, operation: string, quantity: number | null, seen: SeenCart): Attempt => ({
    trace: trace(n),
    owner: OWNER,
    operation,
    productId: operation === "read" ? null : "mug",
    quantity,
    key: operation === "read" ? null : `key-${n}`,
    ifMatch: null,
    from: 1_000 * n,
    to: 1_000 * n + 100,
    caching: OWN,
    outcome: { kind: "done", cart: seen, replayed: false },
  });
  const event = (
    n: number,
    version: number,
    type: string,
    quantity: number | undefined,
    items: Line[],
  ): Arrival => ({
    id: `e${version}`,
    type: "cart.updated",
    subject: "c1",
    version,
    trace: trace(n),
    occurredAt: 1_000 * n + 50,
    receivedAt: 1_000 * n + 60,
    data: {
      owner: OWNER,
      cartId: "c1",
      version,
      change: { type, productId: "mug", ...(quantity !== undefined && { quantity }) },
      items,
      expiresAt: items.length === 0 ? null : new Date(60_000).toISOString(),
    },
  });
  return {
    attempts: [
      attempt(1, "add", 1, cart(1, 1)),
      attempt(2, "add", 2, cart(2, 3)),
      attempt(3, "set", 3, cart(2, 3)),
      attempt(4, "read", null, cart(2, 3)),
      attempt(5, "remove", null, EMPTY),
    ],
    arrivals: [
      event(1, 1, "item-added", 1, [{ productId: "mug", quantity: 1 }]),
      event(2, 2, "item-added", 2, [{ productId: "mug", quantity: 3 }]),
      event(5, 3, "item-removed", undefined, []),
    ],
    carts: [{ owner: OWNER, cart: EMPTY, from: 9_000, to: 9_010 }],
    journeys: [],
    orderArrivals: [],
    orders: [],
    reads: [],
    versions: [],
    sessions: [],
    faults: [],
  };
}

type Story = ReturnType<typeof honest>;

/** The honest story with some of one thing changed. */
export function but<K extends "attempts" | "arrivals">(which: K, index: number, change: object): Story {
  const story = honest();
  return {
    ...story,
    [which]: story[which].map((each, at) => (at === index ? { ...each, ...change } : each)),
  };
}
