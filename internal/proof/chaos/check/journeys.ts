import type { Arrival, Attempt, Change, JourneyAttempt, Line, OrderArrival, Strategy } from "./history.ts";

/** What a merge has taken out of a guest's cart. */
export interface Transfer {
  readonly lines: readonly Line[];
  /** What was asked for by whoever took it; null when nobody did. */
  readonly strategy: Strategy | null;
}

/** What merges and checkouts have moved, as the events of guests' carts and of orders tell. */
export interface Journeys {
  /** By the guest's cart id and its version when it was taken. */
  readonly transfers: ReadonlyMap<string, Transfer>;
  /** By order id: what was ordered. */
  readonly ordered: ReadonlyMap<string, readonly Line[]>;
}

export const transferKey = (cartId: string | undefined, version: number | undefined) =>
  `${cartId} ${version}`;

/** The change of a guest's cart that was taken, and of a user's that has got it or was ordered from. */
export const isOfJourney = ({ type }: Change) => ["cart-merged", "merged", "ordered"].includes(type);

export function journeysOf(
  events: readonly Arrival[],
  orders: readonly OrderArrival[],
  journeys: readonly JourneyAttempt[],
): Journeys {
  const asked = new Map(journeys.map(({ trace, strategy }) => [trace, strategy]));
  const taken = events.filter(({ data }) => data.change.type === "cart-merged");
  const placed = orders.filter(({ type }) => type === "order.placed");
  return {
    transfers: new Map(
      taken.map(({ subject, version, trace, data }) => [
        transferKey(subject, version - 1),
        { lines: data.change.lines ?? [], strategy: asked.get(trace ?? "") ?? null },
      ]),
    ),
    ordered: new Map(placed.map(({ subject, data }) => [subject, data.items])),
  };
}

/** The quantity that a strategy makes of a guest's and a user's. */
export const JOINED: Readonly<Record<Strategy, (guest: number, user: number) => number>> = {
  sum: (guest, user) => guest + user,
  max: Math.max,
  "keep-user": (guest, user) => (user > 0 ? user : guest),
  "keep-guest": (guest) => guest,
};

/** The lines it leaves behind; null when no event tells what was moved, which other rules judge. */
export function effectOfJourney(
  before: readonly Line[],
  change: Change,
  { transfers, ordered }: Journeys,
): readonly Line[] | null {
  if (change.type === "cart-merged") return [];
  if (change.type === "ordered") {
    const taken = ordered.get(change.orderId ?? "");
    return taken ? combined(before, taken, (less, held) => held - less) : null;
  }
  const transfer = transfers.get(transferKey(change.from, change.fromVersion));
  return transfer?.strategy ? combined(before, transfer.lines, JOINED[transfer.strategy]) : null;
}

function combined(
  before: readonly Line[],
  moved: readonly Line[],
  join: (moved: number, held: number) => number,
): readonly Line[] {
  const after = new Map(before.map(({ productId, quantity }) => [productId, quantity]));
  for (const { productId, quantity } of moved)
    after.set(productId, join(quantity, after.get(productId) ?? 0));
  return [...after]
    .filter(([, quantity]) => quantity > 0)
    .map(([productId, quantity]) => ({ productId, quantity }));
}

/** The carts in the answers of merges and checkouts, each as if it had been read. */
export function shownCarts(journeys: readonly JourneyAttempt[]): Attempt[] {
  return journeys.flatMap(({ trace, owner, from, to, outcome }) => {
    if (outcome.kind !== "done" || outcome.cart === null) return [];
    const { cart, replayed } = outcome;
    const choice = { productId: null, quantity: null, key: null, ifMatch: null };
    const done = { kind: "done", cart, replayed } as const;
    return [{ trace, owner, operation: "read", ...choice, from, to, caching: null, outcome: done }];
  });
}

/** An attempt of a journey, for a sentence. */
export const journeyText = ({ operation, guest, orderId, trace }: JourneyAttempt) =>
  `${operation} ${guest ?? orderId ?? ""} (${trace.slice(0, 8)})`;

/** What may be refused. */
const REFUSALS: Readonly<Record<JourneyAttempt["operation"], readonly string[]>> = {
  // MERGE_CONFLICT is judged in conflicts.ts.
  merge: ["MERGE_CONFLICT", "CATALOG_UNAVAILABLE"],
  // PRICE_CHANGED and OUT_OF_STOCK are judged in prices.ts, IDEMPOTENCY_KEY_REUSED in keys.ts.
  checkout: [
    "CART_CHANGED",
    "CART_EMPTY",
    "CHECKOUT_IN_PROGRESS",
    "CATALOG_UNAVAILABLE",
    "PRICE_CHANGED",
    "OUT_OF_STOCK",
    "IDEMPOTENCY_KEY_REUSED",
  ],
  cancel: ["ORDER_STATE"],
  pay: ["ORDER_STATE", "IDEMPOTENCY_KEY_REUSED"],
  fulfil: ["ORDER_STATE", "IDEMPOTENCY_KEY_REUSED"],
};

/** True for a refusal that nothing explains. */
export const wronglyRefused = ({ operation, outcome }: JourneyAttempt) =>
  outcome.kind === "refused" && !REFUSALS[operation].includes(outcome.code);
