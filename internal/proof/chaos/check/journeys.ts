import type { Arrival, Attempt, Change, JourneyAttempt, Line, OrderArrival } from "./history.ts";

/** What merges and checkouts have moved, as the events of guests' carts and of orders tell. */
export interface Journeys {
  /** By the guest's cart id and its version when it was taken: what it held. */
  readonly transfers: ReadonlyMap<string, readonly Line[]>;
  /** By order id: what was ordered. */
  readonly ordered: ReadonlyMap<string, readonly Line[]>;
}

export const transferKey = (cartId: string | undefined, version: number | undefined) =>
  `${cartId} ${version}`;

/** The change of a guest's cart that a merge has taken, and of a user's that has got it or was ordered from. */
export const isOfJourney = ({ type }: Change) => ["cart-merged", "merged", "ordered"].includes(type);

export function journeysOf(events: readonly Arrival[], orders: readonly OrderArrival[]): Journeys {
  const taken = events.filter(({ data }) => data.change.type === "cart-merged");
  const placed = orders.filter(({ type }) => type === "order.placed");
  return {
    transfers: new Map(
      taken.map(({ subject, version, data }) => [transferKey(subject, version - 1), data.change.lines ?? []]),
    ),
    ordered: new Map(placed.map(({ subject, data }) => [subject, data.items])),
  };
}

/** The lines it leaves behind; null when no event tells what was moved, which other rules judge. */
export function effectOfJourney(
  before: readonly Line[],
  change: Change,
  { transfers, ordered }: Journeys,
): readonly Line[] | null {
  if (change.type === "cart-merged") return [];
  const [moved, sign] =
    change.type === "merged"
      ? [transfers.get(transferKey(change.from, change.fromVersion)), 1]
      : [ordered.get(change.orderId ?? ""), -1];
  if (!moved) return null;
  const after = new Map(before.map(({ productId, quantity }) => [productId, quantity]));
  for (const { productId, quantity } of moved)
    after.set(productId, (after.get(productId) ?? 0) + sign * quantity);
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
    return [
      { trace, owner, operation: "read", ...choice, from, to, outcome: { kind: "done", cart, replayed } },
    ];
  });
}

/** An attempt of a journey, for a sentence. */
export const journeyText = ({ operation, guest, orderId, trace }: JourneyAttempt) =>
  `${operation} ${guest ?? orderId ?? ""} (${trace.slice(0, 8)})`;

/** What a correct merge, checkout or cancellation may be refused with. */
const REFUSALS: Readonly<Record<JourneyAttempt["operation"], readonly string[]>> = {
  merge: ["MERGE_CONFLICT", "CATALOG_UNAVAILABLE"],
  checkout: ["CART_CHANGED", "CART_EMPTY", "CHECKOUT_IN_PROGRESS", "CATALOG_UNAVAILABLE"],
  cancel: ["ORDER_STATE"],
};

/** True for a refusal that nothing explains. */
export const wronglyRefused = ({ operation, outcome }: JourneyAttempt) =>
  outcome.kind === "refused" && !REFUSALS[operation].includes(outcome.code);
