import { expect } from "chai";
import type { StagedEvent } from "../platform/event/event.ts";
import { Registry } from "../platform/metrics/metrics.ts";
import { err, ok, unwrap } from "../platform/result/result.ts";
import type { CartState, OutboxState } from "./cart.ts";
import type { Product } from "./catalog/catalog.ts";
import { createMemoryCatalog } from "./catalog/catalog-memory.contract.ts";
import { createCartMetrics } from "./metrics.ts";
import { createCartService } from "./service.ts";
import { createShowCart } from "./show.ts";
import type { Applied, CartStore, Change, Preconditions } from "./store/store.ts";

const mug: Product = { id: "mug", name: "Mug", price: { amount: 500, currency: "EUR" }, stock: 3 };
const oneMug: CartState = {
  cartId: "cart-1",
  version: 1,
  items: [{ productId: "mug", quantity: 1 }],
  expiresAt: "2026-11-25T12:00:00.000Z",
};
const event = { entryId: "1-0", ordinal: 1 } as StagedEvent;
const changed: Applied = { state: oneMug, staged: event, replayed: false, expired: false };
const none: Preconditions = { ifMatch: null, idempotencyKey: null, traceparent: null };
const withKey: Preconditions = { ...none, idempotencyKey: "k" };
const add = { op: "add", productId: "mug", quantity: 1 };

/**
 * A service on the catalog in memory; the store is a stand-in
 * that answers as told and records what reaches it.
 */
function scene(
  answers: Partial<CartStore> = {},
  outboxState: OutboxState | Promise<OutboxState> = "committed",
) {
  const catalog = createMemoryCatalog([mug], { caching: false });
  const reached: Change[] = [];
  const waitedFor: StagedEvent[] = [];
  const store: CartStore = {
    read: async () => ok(oneMug),
    recall: async () => ok(null),
    apply: async () => ok(changed),
    ...answers,
  };
  const registry = new Registry();
  const service = createCartService({
    catalog,
    store: {
      ...store,
      apply: (owner, change, preconditions) => {
        reached.push(change);
        return store.apply(owner, change, preconditions);
      },
    },
    outbox: {
      committed: async (staged) => {
        waitedFor.push(staged);
        return outboxState;
      },
    },
    show: createShowCart(catalog, "EUR"),
    metrics: createCartMetrics(registry, 60),
  });
  const metric = async (name: string) => (await registry.getSingleMetric(name)!.get()).values;
  return { service, catalog, reached, waitedFor, metric };
}

describe("The cart service", () => {
  it("answers a repeat without the catalog, which may be away or have stopped selling the product", async () => {
    const { service, catalog, reached } = scene({ recall: async () => ok({ ...changed, replayed: true }) });
    catalog.remove("mug");
    catalog.setUnavailable(true);
    const { replayed, cart } = unwrap(await service.change("user:a", add, withKey));
    expect([replayed, cart.version]).to.deep.equal([true, 1]);
    expect(reached).to.deep.equal([]);
  });

  it("does not begin a change whose deadline has passed when the catalog has been asked", async () => {
    const { service, reached } = scene();
    const late = { ...none, deadline: Date.now() - 1 };
    expect(await service.change("user:a", add, late)).to.deep.equal(err({ code: "DEADLINE_PASSED" }));
    expect(reached).to.deep.equal([]);
    const intime = { ...none, deadline: Date.now() + 60_000 };
    expect((await service.change("user:a", add, intime)).ok).to.equal(true);
  });

  it("tells a change's event as staged when its deadline passes before the commit", async () => {
    const { service, reached } = scene({}, new Promise<OutboxState>(() => {}));
    const soon = { ...none, deadline: Date.now() + 50 };
    expect(unwrap(await service.change("user:a", add, soon)).outboxState).to.equal("staged");
    expect(reached).to.have.length(1);
  });

  it("refuses a reused key before it asks the catalog", async () => {
    const { service, catalog, reached } = scene({
      recall: async () => err({ code: "IDEMPOTENCY_KEY_REUSED" }),
    });
    catalog.setUnavailable(true);
    expect(await service.change("user:a", add, withKey)).to.deep.equal(
      err({ code: "IDEMPOTENCY_KEY_REUSED" }),
    );
    expect(reached).to.deep.equal([]);
  });

  it("makes a change whose key is not remembered", async () => {
    const { service, reached } = scene();
    expect(unwrap(await service.change("user:a", add, withKey)).replayed).to.equal(false);
    expect(reached).to.deep.equal([{ ...add, stock: 3 }]);
  });

  it("shows each line with what the catalog says of it now", async () => {
    const { items, total } = unwrap(await scene().service.view("user:a"));
    expect(items.map(({ productId, name }) => [productId, name])).to.deep.equal([["mug", "Mug"]]);
    expect(total.amount).to.equal(500);
  });

  it("looks for an earlier outcome only when the client sent a key", async () => {
    const { service } = scene({ recall: () => Promise.reject(new Error("there is no key to look up")) });
    expect(unwrap(await service.change("user:a", add, none)).replayed).to.equal(false);
  });

  it("keeps from the store what the catalog does not sell, has too few of, or cannot answer for", async () => {
    const { service, catalog, reached } = scene();
    const codeOf = async (change: Change) => {
      const result = await service.change("user:a", change, none);
      return result.ok ? "ok" : result.error.code;
    };
    expect(await codeOf({ ...add, productId: "none" })).to.equal("PRODUCT_NOT_FOUND");
    expect(await codeOf({ ...add, op: "set", productId: "none" })).to.equal("PRODUCT_NOT_FOUND");
    expect(await codeOf({ ...add, quantity: 4 })).to.equal("OUT_OF_STOCK");
    catalog.setUnavailable(true);
    expect(await codeOf(add)).to.equal("CATALOG_UNAVAILABLE");
    expect(reached).to.deep.equal([]);
  });

  it("gives the store the stock that the catalog has just named", async () => {
    const { service, reached } = scene();
    unwrap(await service.change("user:a", { ...add, quantity: 3 }, none));
    expect(reached).to.deep.equal([{ ...add, quantity: 3, stock: 3 }]);
  });

  it("removes, clears and sets to 0 without the catalog", async () => {
    const { service, catalog, reached } = scene();
    catalog.setUnavailable(true);
    const changes = [
      { op: "set", productId: "mug", quantity: 0 },
      { op: "remove", productId: "mug" },
      { op: "clear" },
    ];
    for (const change of changes) unwrap(await service.change("user:a", change, none));
    expect(reached).to.deep.equal(changes);
  });

  it("waits for the commit of what it staged, and of nothing else", async () => {
    const staged = scene({}, "staged");
    expect(unwrap(await staged.service.change("user:a", add, none)).outboxState).to.equal("staged");
    expect(staged.waitedFor).to.deep.equal([event]);

    const still = scene({ apply: async () => ok({ ...changed, staged: null }) }, "staged");
    expect(unwrap(await still.service.change("user:a", add, none)).outboxState).to.equal("committed");
    expect(still.waitedFor).to.deep.equal([]);
  });

  it("counts an expiry that a change told of, once, and none that it did not", async () => {
    let expired: Applied["expired"] = "time";
    const { service, metric } = scene({ apply: async () => ok({ ...changed, expired }) });
    unwrap(await service.change("user:a", add, none));
    expired = false;
    unwrap(await service.change("user:a", add, none));
    expect((await metric("cart_expired_total")).reduce((sum, { value }) => sum + value, 0)).to.equal(1);
  });

  it("counts every operation by its name and by what came of it", async () => {
    const { service, metric } = scene();
    unwrap(await service.view("user:a"));
    unwrap(await service.change("user:a", add, none));
    await service.change("user:a", { ...add, quantity: 4 }, none);
    const counted = (await metric("cart_operations_total")).map(({ labels, value }) => ({
      ...labels,
      value,
    }));
    expect(counted).to.have.deep.members([
      { operation: "view", result: "ok", value: 1 },
      { operation: "add", result: "ok", value: 1 },
      { operation: "add", result: "out_of_stock", value: 1 },
    ]);
  });
});
