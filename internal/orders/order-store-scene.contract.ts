import { randomUUID } from "node:crypto";
import { newId } from "../platform/uuid/new-id.ts";
import { freePending, type OpenOutbox, openOutbox } from "../testkit/outbox.ts";
import { openOrderStore } from "./open-store.ts";
import type { Order } from "./order.ts";
import { eventOf } from "./order-events.ts";
import type { OrderStore } from "./order-store.ts";

export const eur = (amount: number) => ({ amount, currency: "EUR" });
export const line = (productId: string, more: Partial<Order["lines"][number]> = {}) => ({
  productId,
  name: `The ${productId}`,
  unitPrice: eur(250),
  agreedPrice: eur(300),
  quantity: 2,
  ...more,
});

/** An order of an owner's, as a checkout composes it. */
export function anOrder(owner: string, ordinal: number, more: Partial<Order> = {}): Order {
  return {
    id: newId(),
    owner,
    ordinal,
    status: "placed",
    version: 1,
    placedAt: 1_700_000_000_123,
    lines: [line("a"), line("b")],
    total: eur(1_000),
    cart: { cartId: randomUUID(), version: 7 },
    ...more,
  };
}

export const aRequest = () => ({
  id: Buffer.from(randomUUID()).toString("hex").slice(0, 64).padEnd(64, "0"),
  hash: "f".repeat(64),
});

export const told = (order: Order, at = order.placedAt) =>
  eventOf(order, { partition: 3, traceparent: null, at });

/** Two order stores on one database, and an owner of each test's own. */
export interface OrderStoreScene {
  readonly store: OrderStore;
  readonly rival: OrderStore;
  /** The outbox of the rival. */
  readonly rivals: OpenOutbox;
  readonly owner: string;
  /** The events about an order that are in the outbox. */
  eventsOf(order: Order): ReturnType<typeof freePending>;
  place(order: Order, request?: ReturnType<typeof aRequest>): ReturnType<OrderStore["place"]>;
}

/** Opens the stores before the tests of the surrounding `describe`, and closes them after. */
export function orderStoreScene(url: () => Promise<string>): OrderStoreScene {
  let outbox: OpenOutbox;
  let rivals: OpenOutbox;
  let store: OrderStore;
  let rival: OrderStore;
  let owner = "";
  let owners = 0;

  before(async () => {
    const address = await url();
    outbox = openOutbox(address);
    rivals = openOutbox(address);
    store = openOrderStore(outbox.database, outbox.append);
    rival = openOrderStore(rivals.database, rivals.append);
  });
  after(async () => {
    await outbox?.close();
    await rivals?.close();
  });
  beforeEach(() => {
    owner = `user:Öwner-${process.pid}-${++owners}`;
  });

  return {
    get store() {
      return store;
    },
    get rival() {
      return rival;
    },
    get rivals() {
      return rivals;
    },
    get owner() {
      return owner;
    },
    eventsOf: async (order) =>
      (await freePending(outbox, [{ partition: 3, after: 0 }], 10_000)).filter((e) => e.subject === order.id),
    place: (order, request = aRequest()) => store.place(order, request, told(order)),
  };
}
