import type { Line } from "./history.ts";

/** A choice at random: `random(n)` is an integer from 0 to n - 1. */
export type Random = (n: number) => number;

/** What a shopper has chosen to do. */
export interface Choice {
  readonly productId: string | null;
  readonly quantity: number | null;
}

/**
 * All there is to know about one operation of a shopper: how often, how it is asked for, and
 * what it means. A further one on a single cart is added here and nowhere else; what moves things between
 * carts and orders is in journeys.ts.
 */
export interface OperationKind {
  readonly name: string;
  /** How often it is chosen, among the sum of all weights. */
  readonly weight: number;
  /** The type of change its event tells of; null for what changes nothing. */
  readonly change: string | null;
  choose(random: Random, products: readonly string[]): Choice;
  request(choice: Choice): { readonly method: string; readonly path: string; readonly body?: object };
  /** The lines it leaves behind; null when it finds nothing to change, and so tells of nothing. */
  effect(items: readonly Line[], choice: Choice): readonly Line[] | null;
}

const nothing: Choice = { productId: null, quantity: null };
const one = (random: Random, products: readonly string[]) => products[random(products.length)]!;
const without = (items: readonly Line[], productId: string | null) =>
  items.filter((line) => line.productId !== productId);
const held = (items: readonly Line[], productId: string | null) =>
  items.find((line) => line.productId === productId)?.quantity ?? 0;

export const OPERATIONS: readonly OperationKind[] = [
  {
    name: "add",
    weight: 40,
    change: "item-added",
    choose: (random, products) => ({ productId: one(random, products), quantity: 1 + random(3) }),
    request: ({ productId, quantity }) => ({
      method: "POST",
      path: "/api/cart/items",
      body: { productId, quantity },
    }),
    effect: (items, { productId, quantity }) => [
      ...without(items, productId),
      { productId: productId!, quantity: held(items, productId) + quantity! },
    ],
  },
  {
    name: "set",
    weight: 20,
    change: "item-set",
    choose: (random, products) => ({ productId: one(random, products), quantity: 1 + random(4) }),
    request: ({ productId, quantity }) => ({
      method: "PUT",
      path: `/api/cart/items/${productId}`,
      body: { quantity },
    }),
    effect: (items, { productId, quantity }) =>
      held(items, productId) === quantity
        ? null
        : [...without(items, productId), { productId: productId!, quantity: quantity! }],
  },
  {
    name: "remove",
    weight: 12,
    change: "item-removed",
    choose: (random, products) => ({ productId: one(random, products), quantity: null }),
    request: ({ productId }) => ({ method: "DELETE", path: `/api/cart/items/${productId}` }),
    effect: (items, { productId }) => (held(items, productId) === 0 ? null : without(items, productId)),
  },
  {
    name: "clear",
    weight: 3,
    change: "cart-cleared",
    choose: () => nothing,
    request: () => ({ method: "DELETE", path: "/api/cart" }),
    effect: (items) => (items.length === 0 ? null : []),
  },
  {
    name: "read",
    weight: 25,
    change: null,
    choose: () => nothing,
    request: () => ({ method: "GET", path: "/api/cart" }),
    effect: () => null,
  },
];

/** The change that no shopper asks for: a cart that has outlived its TTL. */
export const EXPIRY = "cart-expired";

/** Nor this one: it comes near its end. */
export const EXPIRING = "cart-expiring";

export function operationNamed(name: string): OperationKind {
  const kind = OPERATIONS.find((each) => each.name === name);
  if (!kind) throw new Error(`there is no operation ${name} in operations.ts`);
  return kind;
}

/** The operation whose event tells of such a change. */
export function operationOfChange(change: string): OperationKind | undefined {
  return OPERATIONS.find((each) => each.change === change);
}
