import { randomUUID } from "node:crypto";
import { expect } from "chai";
import { eventually } from "../testkit/eventually.ts";
import { shopperAt } from "../testkit/shopper.ts";
import { checkoutScene, eur } from "./checkout-scene.ts";
import { expectProblem } from "./expect-problem.ts";

describe("Checkout, from outside", function () {
  const scene = checkoutScene(this);
  const { admin, change, seen, checkout, eventsOf } = scene;

  it("makes an order of the cart, which is then empty, and tells of both", async () => {
    const { shopper, mug, tent } = scene;
    await shopper.add(mug, 2);
    const { body: cart } = await shopper.add(tent, 1);
    const answer = await checkout(await seen());
    expect([answer.status, answer.headers.get("location")]).to.deep.equal([
      201,
      `/api/orders/${answer.body.order.id}`,
    ]);
    const { id, placedAt, ...rest } = answer.body.order;
    expect(Date.parse(placedAt)).to.be.closeTo(Date.now(), 60_000);
    expect(rest).to.deep.equal({
      status: "placed",
      version: 1,
      items: [
        { productId: mug, name: "The mug-", unitPrice: eur(500), quantity: 2, lineTotal: eur(1_000) },
        { productId: tent, name: "The tent", unitPrice: eur(9_900), quantity: 1, lineTotal: eur(9_900) },
      ],
      total: eur(10_900),
      currency: "EUR",
    });
    expect(answer.body.cart).to.deep.include({ cartId: null, items: [] });
    expect(answer.body).to.not.have.property("lowered");
    expect((await shopper.cart()).body.items).to.deep.equal([]);
    const read = await shopper.call("GET", answer.headers.get("location")!);
    expect([read.status, read.body]).to.deep.equal([200, answer.body.order]);

    await eventually("both events", () => eventsOf(id).length === 1 && eventsOf(cart.cartId).length === 3);
    const [placed] = eventsOf(id);
    expect([
      placed!.type,
      placed!.message.application_properties?.["cloudEvents:orderversion"],
    ]).to.deep.equal(["order.placed", 1]);
    expect(placed!.data).to.deep.include({ orderId: id, status: "placed", cartId: cart.cartId, ...rest });
    const reduced = eventsOf(cart.cartId).at(-1)!;
    expect(reduced.data).to.deep.include({ change: { type: "ordered", orderId: id }, items: [] });
  });

  it("takes the largest cart that the defaults allow, as it is shown", async () => {
    const { shopper } = scene;
    // In JSON such a character takes six bytes, and no other takes more.
    const name = "\u0001".repeat(300);
    const ids = Array.from({ length: 100 }, (_, n) => `${randomUUID()}-${n}-`.padEnd(64, "x"));
    for (const id of ids) {
      const product = { name, price: eur(1_000_000_000), stock: 1_000_000_000 };
      expect((await admin("PUT", `/products/${id}`, product)).status).to.equal(200);
      expect((await shopper.add(id, 999)).status).to.equal(200);
    }
    const agreed = await seen();
    expect(JSON.stringify(agreed).length).to.be.greaterThan(200_000);
    const answer = await checkout(agreed);
    expect([answer.status, answer.body.order?.total]).to.deep.equal([201, eur(99_900_000_000_000)]);
    expect(answer.body.order.items).to.have.length(100);
  });

  it("needs a key, and a body that says what is agreed to", async () => {
    const { shopper, mug } = scene;
    await shopper.add(mug, 1);
    const good = await seen();
    expectProblem(await checkout(good, null), 400, "INVALID_REQUEST", "Idempotency-Key");
    expectProblem(await checkout(good, "a b"), 400, "INVALID_REQUEST", "Idempotency-Key");
    const line = { productId: mug, quantity: 1, unitPrice: eur(500) };
    const faults: [unknown, string][] = [
      [[], "body"],
      [{}, "items"],
      [{ items: "all" }, "items"],
      [{ items: [line], coupon: "x" }, "coupon"],
      [{ items: [{ ...line, productId: "a/b" }] }, "items.0.productId"],
      [{ items: [{ ...line, quantity: 0 }] }, "items.0.quantity"],
      [{ items: [{ ...line, quantity: 1.5 }] }, "items.0.quantity"],
      [{ items: [{ ...line, unitPrice: null }] }, "items.0.unitPrice"],
      [{ items: [{ ...line, unitPrice: 500 }] }, "items.0.unitPrice"],
      [{ items: [{ ...line, unitPrice: { amount: -1, currency: "EUR" } }] }, "items.0.unitPrice.amount"],
      [{ items: [{ ...line, unitPrice: { amount: 1, currency: "euro" } }] }, "items.0.unitPrice.currency"],
      [{ items: Array.from({ length: 501 }, () => line) }, "items"],
    ];
    for (const [body, field] of faults) expectProblem(await checkout(body), 400, "INVALID_REQUEST", field);
    expect((await shopper.call("GET", "/api/orders")).body.items).to.deep.equal([]);
    expect((await checkout(good)).status).to.equal(201);
  });

  it("refuses a version that it would not compare: If-Match and If-None-Match", async () => {
    const { shopper, mug } = scene;
    const { id } = await scene.order();
    await shopper.add(mug, 1);
    const body = await seen();
    for (const name of ["If-Match", "If-None-Match"]) {
      const headers = { [name]: '"1"', "idempotency-key": randomUUID() };
      for (const [path, sent] of [
        ["/api/cart/checkout", { body }],
        [`/api/orders/${id}/cancel`, {}],
      ] as const)
        expectProblem(await shopper.call("POST", path, { ...sent, headers }), 400, "INVALID_REQUEST", name);
    }
    expect((await shopper.call("GET", `/api/orders/${id}`)).body.status).to.equal("placed");
  });

  it("orders nothing that was not agreed to, and says line by line what is other", async () => {
    const { shopper, mug, tent } = scene;
    expectProblem(await checkout({ items: [] }), 409, "CART_EMPTY");
    await shopper.add(mug, 2);
    await shopper.add(tent, 1);
    const agreed = await seen();

    await shopper.add(mug, 1);
    const changed = await checkout(agreed);
    expectProblem(changed, 409, "CART_CHANGED", "items");
    expect(changed.body.lines).to.deep.equal([
      { productId: mug, was: { quantity: 2 }, now: { quantity: 3 } },
    ]);

    const grown = await seen();
    await change(mug, { price: eur(400) });
    await change(tent, { price: eur(9_901) });
    const risen = await checkout(grown);
    expectProblem(risen, 409, "PRICE_CHANGED", "items");
    expect(risen.body.lines).to.deep.equal([
      { productId: tent, was: { unitPrice: eur(9_900) }, now: { unitPrice: eur(9_901) } },
    ]);

    await change(tent, { price: eur(9_900), stock: 0 });
    await change(mug, { stock: 2 });
    const short = await checkout(grown);
    expectProblem(short, 409, "OUT_OF_STOCK", "items");
    expect(short.body.lines).to.deep.equal([
      { productId: mug, was: { quantity: 3 }, now: { stock: 2 } },
      { productId: tent, was: { quantity: 1 }, now: { stock: 0 } },
    ]);
    expect((await shopper.cart()).body.items).to.have.length(2);
    expect((await shopper.call("GET", "/api/orders")).body.items).to.deep.equal([]);
  });

  it("charges a price that has fallen, and says so, also when it is asked again", async () => {
    const { shopper, mug } = scene;
    await shopper.add(mug, 2);
    const agreed = await seen();
    await change(mug, { price: eur(450) });
    const key = randomUUID();
    const lowered = [{ productId: mug, was: { unitPrice: eur(500) }, now: { unitPrice: eur(450) } }];
    const first = await checkout(agreed, key);
    expect([first.status, first.body.order.total, first.body.lowered]).to.deep.equal([
      201,
      eur(900),
      lowered,
    ]);
    await change(mug, { price: eur(800), stock: 0 });
    const repeat = await checkout(agreed, key);
    expect([repeat.status, repeat.body.lowered, repeat.body.order]).to.deep.equal([
      201,
      lowered,
      first.body.order,
    ]);
  });

  it("gives a repeat its order, and refuses another body under the same key", async () => {
    const { shopper, mug, platform } = scene;
    await shopper.add(mug, 1);
    const agreed = await seen();
    const first = await checkout(agreed, '"a key"');
    await shopper.add(mug, 5);
    const repeat = await checkout({ items: agreed.items.toReversed() }, '"a key"');
    expect([repeat.status, repeat.headers.get("idempotent-replayed")]).to.deep.equal([201, "true"]);
    expect([repeat.body.order, repeat.headers.get("location")]).to.deep.equal([
      first.body.order,
      first.headers.get("location"),
    ]);
    expect(repeat.body.cart.items[0].quantity).to.equal(5);
    const other = { items: [{ productId: mug, quantity: 5, unitPrice: eur(500) }] };
    expectProblem(await checkout(other, '"a key"'), 422, "IDEMPOTENCY_KEY_REUSED", "Idempotency-Key");
    const stranger = await shopperAt(platform.gatewayUrl);
    await stranger.add(mug, 1);
    expect((await checkout(await seen(stranger), '"a key"', stranger)).body.order.id).to.not.equal(
      first.body.order.id,
    );
    expect((await shopper.call("GET", "/api/orders")).body.items).to.have.length(1);
  });

  it("does one checkout of a cart at a time: its repeat, and another tab, are told to wait", async () => {
    const { shopper, mug } = scene;
    await shopper.add(mug, 1);
    const agreed = await seen();
    await admin("PUT", "/faults", { delayMs: 1_500 });
    try {
      // Of two that are the same, whichever comes second is answered first.
      const same = [checkout(agreed, "tab-1"), checkout(agreed, "tab-1")];
      const repeat = await Promise.race(same);
      const [tab, other] = await Promise.all([checkout(agreed, "tab-2"), checkout({ items: [] }, "tab-1")]);
      for (const answer of [repeat, tab]) {
        expectProblem(answer, 409, "CHECKOUT_IN_PROGRESS");
        expect(answer.headers.get("retry-after")).to.equal("1");
      }
      expectProblem(other, 422, "IDEMPOTENCY_KEY_REUSED", "Idempotency-Key");
      const statuses = (await Promise.all(same)).map(({ status }) => status);
      expect(statuses).to.have.members([201, 409]);
    } finally {
      await admin("DELETE", "/faults", undefined);
    }
    expectProblem(await checkout(agreed, "tab-2"), 409, "CART_EMPTY");
    expect((await checkout(agreed, "tab-1")).status).to.equal(201);
    expect((await shopper.call("GET", "/api/orders")).body.items).to.have.length(1);
  });

  it("makes one order of a cart, however many tabs check it out at once, and keeps what is added meanwhile", async () => {
    const { mug, tent, platform } = scene;
    for (let round = 0; round < 5; round++) {
      const tabs = await shopperAt(platform.gatewayUrl);
      await tabs.add(mug, 2);
      const agreed = await seen(tabs);
      const adding = tabs.add(tent, 1);
      const answers = await Promise.all(
        Array.from({ length: 8 }, () => checkout(agreed, randomUUID(), tabs)),
      );
      await adding;
      const placed = answers.filter(({ status }) => status === 201);
      expect(answers.every(({ status }) => [201, 409].includes(status))).to.equal(true);
      expect(placed.length).to.be.at.most(1);
      const { items } = (await tabs.call("GET", "/api/orders")).body;
      expect(items).to.have.length(placed.length);
      const left = (await tabs.cart()).body.items.map((line: { productId: string }) => line.productId);
      expect(left).to.deep.equal(placed.length === 1 ? [tent] : [mug, tent]);
    }
  });

  it("gives a repeated checkout its order as it is by then", async () => {
    const { shopper, mug } = scene;
    await shopper.add(mug, 1);
    const agreed = await seen();
    const { id } = (await checkout(agreed, "k")).body.order;
    expect((await shopper.call("POST", `/api/orders/${id}/cancel`)).status).to.equal(200);
    const repeat = await checkout(agreed, '"k";v=2');
    expect([repeat.status, repeat.headers.get("idempotent-replayed")]).to.deep.equal([201, "true"]);
    expect(repeat.body.order).to.include({ id, status: "cancelled", version: 2 });
  });
});
