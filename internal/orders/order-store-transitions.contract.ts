import { expect } from "chai";
import { unwrap } from "../platform/result/result.ts";
import { type Order, type OrderStatus, transition } from "./order.ts";
import { anOrder, aRequest, type OrderStoreScene, told } from "./order-store-scene.contract.ts";

const transitioned = (order: Order, to: OrderStatus): Order => unwrap(transition(order, to));

/** Orders that come into another status. */
export function describeTransitions(scene: OrderStoreScene): void {
  const { eventsOf, place } = scene;

  it("changes nothing of an order whose transition's event cannot be stored", async () => {
    const { store, owner } = scene;
    const order = anOrder(owner, 1);
    await place(order);
    const request = aRequest();
    const paid = transitioned(order, "paid");
    const refused = await store.advance(paid, request, { ...told(paid), type: "t".repeat(65) }).then(
      () => "advanced",
      (error: Error) => error.name,
    );
    expect(refused).to.equal("EventsRefused");
    expect(await store.byId(order.id)).to.deep.equal(order);
    expect(await store.request(request.id)).to.equal(null);
    expect((await eventsOf(order)).map(({ type }) => type)).to.deep.equal(["order.placed"]);
    expect(await store.advance(paid, request, told(paid)), "it can still be done").to.equal(true);
  });

  it("advances an order with its event, once, and not from a version that it has left", async () => {
    const { store, rival, owner } = scene;
    const order = anOrder(owner, 1);
    await place(order);
    const [paid, cancelled] = [transitioned(order, "paid"), transitioned(order, "cancelled")];
    const advanced = await Promise.all([
      store.advance(paid, null, told(paid)),
      rival.advance(cancelled, null, told(cancelled)),
    ]);
    expect(advanced.toSorted()).to.deep.equal([false, true]);
    const now = advanced[0] ? paid : cancelled;
    expect(await store.byId(order.id)).to.deep.equal(now);
    expect((await eventsOf(order)).map((event) => [event.type, event.sequence])).to.deep.equal([
      ["order.placed", 1],
      [`order.${now.status}`, 2],
    ]);
  });

  it("remembers the request that advanced an order, and forgets what is old", async () => {
    const { store, owner } = scene;
    const order = anOrder(owner, 1, { placedAt: 1_000 });
    const [placing, cancelling] = [aRequest(), aRequest()];
    await place(order, placing);
    const cancelled = transitioned(order, "cancelled");
    await store.advance(cancelled, cancelling, told(cancelled, 5_000));
    expect(await store.request(cancelling.id)).to.deep.equal({ hash: cancelling.hash, orderId: order.id });
    expect(await store.forgetRequests(5_000, 100)).to.equal(1);
    expect(await store.request(placing.id)).to.equal(null);
    expect(await store.request(cancelling.id)).to.not.equal(null);
  });
}
