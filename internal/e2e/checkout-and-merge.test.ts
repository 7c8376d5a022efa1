import { randomUUID } from "node:crypto";
import { expect } from "chai";
import { expectProblem } from "./expect-problem.ts";
import { eventually, openGatedCheckouts, PATIENCE } from "./gated-checkouts.ts";

/* A guest signs in while nobody knows what came of the checkout: what was ordered is not merged as well. */

describe("A guest's cart whose checkout nobody saw the end of", function () {
  this.timeout(PATIENCE.test);
  let scene: Awaited<ReturnType<typeof openGatedCheckouts>>;
  let guest = "";
  let user = "";

  before(async () => {
    scene = await openGatedCheckouts();
  });
  after(() => scene?.close());
  beforeEach(() => {
    guest = scene.newOwner("guest");
    user = `user:crash-${randomUUID()}`;
  });

  const merge = () => scene.merge(user, guest);
  /** A checkout that waits for the catalog, with the cart claimed. */
  async function heldAtCatalog(body: unknown) {
    const reached = Promise.withResolvers<void>();
    scene.at.asked = () => {
      scene.toCatalog.freeze();
      reached.resolve();
    };
    const answer = scene.call(scene.gated, "POST", "/cart/checkout", body, "k");
    answer.catch(() => {});
    await reached.promise;
    return { answer };
  }
  const merged = () =>
    eventually("the cart is merged", async () => {
      const { status } = await merge();
      return status === 200;
    });

  it("is not merged while its order may yet be committed, and without the order's lines when it is", async () => {
    await scene.add(2);
    const body = await scene.agreed();
    scene.at.sent = () => scene.toDatabase.freeze();
    expectProblem(
      await scene.call(scene.gated, "POST", "/cart/checkout", body, "k"),
      503,
      "ORDER_STORE_UNAVAILABLE",
    );
    await scene.add(1);
    const early = await merge();
    // PostgreSQL ends a transaction that stands still for 2 s, and nothing comes of the order.
    if (early.status !== 200) expectProblem(early, 409, "MERGE_CONFLICT");
    scene.toDatabase.thaw();
    await merged();
    const { length } = await scene.orders();
    expect(await scene.heldBy(user)).to.equal(length === 1 ? 1 : 3);
    expect(await scene.held()).to.equal(0);
    await scene.expectOrders(length);
    await eventually("the order is marked", async () => (await scene.unsettled()) === 0);
  });

  it("is merged whole when the process died before the order was written", async () => {
    await scene.add(2);
    const body = await scene.agreed();
    const killed = await heldAtCatalog(body);
    const conflict = await merge();
    expectProblem(conflict, 409, "MERGE_CONFLICT");
    expect(conflict.headers.get("retry-after")).to.equal("1");
    await scene.killGated();
    await killed.answer.catch(() => {});
    await merged();
    expect(await scene.heldBy(user)).to.equal(2);
    await scene.expectOrders(0);
  });

  it("is merged while the checkout waits for the catalog too long, which then orders nothing", async () => {
    await scene.add(2);
    const body = await scene.agreed();
    const late = await heldAtCatalog(body);
    await merged();
    scene.toCatalog.thaw();
    expectProblem(await late.answer, 409, "CART_EMPTY");
    expect(await scene.heldBy(user)).to.equal(2);
    await scene.expectOrders(0);
  });

  it("is merged without what was ordered when Redis is lost between the order and the cart", async () => {
    await scene.add(2);
    const body = await scene.agreed();
    scene.at.sent = () => scene.toRedis.shut();
    const { status, body: answer } = await scene.call(scene.gated, "POST", "/cart/checkout", body, "k");
    expect([status, answer.cart]).to.deep.equal([201, "pending"]);
    await scene.add(1);
    await merged();
    expect(await scene.heldBy(user)).to.equal(1);
    await scene.expectOrders(1);
    scene.toRedis.open();
  });
});
