import { randomUUID } from "node:crypto";
import { expect } from "chai";
import type { OpenApiDocument } from "../platform/http/openapi.ts";
import { createInternalTokenSigner, IDENTITY_HEADER } from "../platform/identity/internal-token.ts";
import { fixedKeyRing } from "../platform/identity/key-ring.ts";
import { consumeEvents, type EventConsumer } from "../testkit/event-consumer.ts";
import { eventually } from "../testkit/eventually.ts";
import { expectDescribedAnswer, expectServedAsDescribed, expectWellFormed } from "../testkit/openapi.ts";
import { type Platform, startPlatform } from "../testkit/processes/platform.ts";
import { testDatabase, testRabbit, testRedis } from "../testkit/servers/test-servers.ts";
import { type Answer, request, type Shopper, shopperAt } from "../testkit/shopper.ts";
import { expectProblem } from "./expect-problem.ts";

const eur = (amount: number) => ({ amount, currency: "EUR" });

describe("Checkout and orders, from outside", function () {
  this.timeout(180_000);
  let platform: Platform;
  let document: OpenApiDocument;
  let consumer: EventConsumer;
  let shopper: Shopper;
  let mug = "";
  let tent = "";

  before(async () => {
    const [redis, database, rabbit] = await Promise.all([testRedis(), testDatabase(), testRabbit()]);
    // A long cache: a checkout must not rely on it.
    const settings = { CATALOG_CACHE_TTL_MS: "60000", SWEEP_INTERVAL_MS: "100" };
    platform = await startPlatform({ redisUrl: redis.url, database, rabbit, settings });
    document = (await request(platform.gatewayUrl, "GET", "/api/openapi.json")).body;
    consumer = await consumeEvents({ url: rabbit.consumerUrl, queue: "cart.events.demo" });
  });
  after(async () => {
    await consumer?.close();
    await platform?.stop();
  });
  beforeEach(async () => {
    shopper = await shopperAt(platform.gatewayUrl);
    [mug, tent] = [`mug-${randomUUID()}`, `tent-${randomUUID()}`];
    await sell(mug, { price: eur(500), stock: 10 });
    await sell(tent, { price: eur(9_900), stock: 3 });
  });

  const admin = (method: string, path: string, body: unknown) =>
    request(platform.catalog.url, method, `/admin${path}`, {
      body,
      headers: { authorization: `Bearer ${platform.surroundings.catalogAdminToken}` },
    });
  const sell = (id: string, more: object) =>
    admin("PUT", `/products/${id}`, { name: `The ${id.slice(0, 4)}`, ...more });
  const change = (id: string, more: object) => admin("PATCH", `/products/${id}`, more);

  /** What the shopper sees and agrees to. */
  const seen = async (by = shopper) => ({ items: (await by.cart()).body.items });
  async function checkout(body: unknown, key: string | null = randomUUID(), by = shopper): Promise<Answer> {
    const headers = key === null ? {} : { "idempotency-key": key };
    const answer = await by.call("POST", "/api/cart/checkout", { body, headers });
    expectDescribedAnswer(document, "/api/cart/checkout", "POST", answer);
    return answer;
  }
  /** Fills a cart and orders it. */
  async function order(quantity = 1, by = shopper) {
    await by.add(mug, quantity);
    const answer = await checkout(await seen(by), randomUUID(), by);
    expect(answer.status, JSON.stringify(answer.body)).to.equal(201);
    return answer.body.order;
  }
  const eventsOf = (subject: string) => consumer.events.filter((event) => event.subject === subject);

  it("makes an order of the cart, which is then empty, and tells of both", async () => {
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

  it("orders nothing that was not agreed to, and says line by line what is other", async () => {
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

  it("shows each owner their own orders, newest first, page by page", async () => {
    const ids: string[] = [];
    for (let n = 0; n < 5; n++) ids.unshift((await order()).id);
    await order(1, await shopperAt(platform.gatewayUrl));
    const page = async (query: string) => (await shopper.call("GET", `/api/orders${query}`)).body;
    const first = await page("?limit=2");
    const second = await page(`?limit=2&cursor=${first.nextCursor}`);
    const last = await page(`?limit=2&cursor=${second.nextCursor}`);
    const listed = [first, second, last].flatMap(({ items }) => items.map(({ id }: { id: string }) => id));
    expect([listed, last.nextCursor]).to.deep.equal([ids, null]);
    expect((await page("")).items).to.have.length(5);
    for (const [query, field] of [
      ["?limit=0", "limit"],
      ["?limit=101", "limit"],
      ["?cursor=bm9uc2Vuc2U", "cursor"],
      ["?cursor=", "cursor"],
      ["?cursor=b05hTg", "cursor"],
      ["?status=paid", "status"],
    ] as const)
      expectProblem(await shopper.call("GET", `/api/orders${query}`), 400, "INVALID_REQUEST", field);
  });

  it("has no order of others: neither to read nor to cancel", async () => {
    const { id } = await order();
    const stranger = await shopperAt(platform.gatewayUrl);
    for (const other of [id, id.toUpperCase(), randomUUID(), "x", "%00", "a'b"]) {
      const path = `/api/orders/${other}`;
      expectProblem(await stranger.call("GET", path), 404, "ORDER_NOT_FOUND", "id");
      expectProblem(await stranger.call("POST", `${path}/cancel`), 404, "ORDER_NOT_FOUND", "id");
    }
    expect((await shopper.call("GET", `/api/orders/${id}`)).body.status).to.equal("placed");
  });

  it("gives a repeated checkout its order as it is by then", async () => {
    await shopper.add(mug, 1);
    const agreed = await seen();
    const { id } = (await checkout(agreed, "k")).body.order;
    expect((await shopper.call("POST", `/api/orders/${id}/cancel`)).status).to.equal(200);
    const repeat = await checkout(agreed, '"k";v=2');
    expect([repeat.status, repeat.headers.get("idempotent-replayed")]).to.deep.equal([201, "true"]);
    expect(repeat.body.order).to.include({ id, status: "cancelled", version: 2 });
  });

  it("cancels an order once, with its event, and gives a repeat the order as it is", async () => {
    const { id } = await order();
    const cancel = (key: string, wanted = id) =>
      shopper.call("POST", `/api/orders/${wanted}/cancel`, { headers: { "idempotency-key": key } });
    const answers = await Promise.all([cancel("k"), cancel("k"), cancel("k")]);
    for (const { status, body } of answers)
      expect([status, body.status, body.version]).to.deep.equal([200, "cancelled", 2]);
    expect(answers.filter(({ headers }) => headers.get("idempotent-replayed") === null)).to.have.length(1);
    const repeated = await cancel("another");
    expectProblem(repeated, 409, "ORDER_STATE");
    expectDescribedAnswer(document, "/api/orders/{id}/cancel", "POST", repeated);
    expect(repeated.body).to.deep.include({ state: "cancelled", allowed: [] });
    await eventually("its events", () => eventsOf(id).length >= 2);
    expect(eventsOf(id).map(({ type }) => type)).to.deep.equal(["order.placed", "order.cancelled"]);
  });

  describe("a service that drives orders", () => {
    const signed = (owner: string, kind: "user" | "service") =>
      createInternalTokenSigner({
        keys: fixedKeyRing(platform.surroundings.internalTokenSecret),
        audience: "cartwright-cart",
      }).sign({ owner, kind });
    const move = async (id: string, to: unknown, token?: string, key?: string) =>
      request(platform.carts[0]!.url, "POST", `/orders/${id}/transitions`, {
        body: { to },
        headers: {
          [IDENTITY_HEADER]: token ?? (await signed("service:payments", "service")),
          ...(key !== undefined && { "idempotency-key": key }),
        },
      });

    it("pays and fulfils, and is told what an order's status does not allow", async () => {
      const { id } = await order();
      const early = await move(id, "fulfilled");
      expectProblem(early, 409, "ORDER_STATE");
      expect(early.body).to.deep.include({ state: "placed", allowed: ["paid", "cancelled"] });
      expect((await move(id, "paid", undefined, "k")).body).to.include({ id, status: "paid", version: 2 });
      expect((await move(id, "paid", undefined, "k")).headers.get("idempotent-replayed")).to.equal("true");
      expectProblem(await move(id, "cancelled", undefined, "k"), 422, "IDEMPOTENCY_KEY_REUSED");
      expect((await move(id, "fulfilled")).body).to.include({ status: "fulfilled", version: 3 });
      expectProblem(await move(id, "placed"), 409, "ORDER_STATE");
      expectProblem(await move(id, "lost"), 400, "INVALID_REQUEST", "to");
      expectProblem(await move(randomUUID(), "paid"), 404, "ORDER_NOT_FOUND");
      expectProblem(await shopper.call("POST", `/api/orders/${id}/cancel`), 409, "ORDER_STATE");
      await eventually("its events", () => eventsOf(id).length >= 3);
      expect(eventsOf(id).map(({ type }) => type)).to.deep.equal([
        "order.placed",
        "order.paid",
        "order.fulfilled",
      ]);
    });

    it("finds its calls described at the cart itself, which strangers do not get to see", async () => {
      const inside = (await request(platform.carts[0]!.url, "GET", "/services/openapi.json")).body;
      expectWellFormed(inside);
      expect(Object.keys(inside.paths)).to.have.members([
        "/orders/{id}/transitions",
        "/services/openapi.json",
      ]);
      const headers = { [IDENTITY_HEADER]: await signed("service:payments", "service") };
      await expectServedAsDescribed(inside, platform.carts[0]!.url, headers);
      expect(Object.keys(inside.components.securitySchemes.internalToken)).to.include("name");
      const { id } = await order();
      const refused = await move(id, "fulfilled");
      expectProblem(refused, 409, "ORDER_STATE");
      expectDescribedAnswer(inside, "/orders/{id}/transitions", "POST", refused);

      for (const path of ["/api/services/openapi.json", "/api/orders/openapi.json/transitions"])
        expectProblem(await shopper.call("GET", path), 404, "NOT_FOUND");
      const outside = await shopper.call("GET", "/api/cart/openapi.json");
      expect(Object.keys(outside.body.paths)).to.include.members(["/cart/checkout", "/orders/{id}/cancel"]);
      for (const text of [JSON.stringify(outside.body), JSON.stringify(document)])
        expect(text).to.not.include("transitions");
    });

    it("is a service with a token of its own, and never a client of the gateway", async () => {
      const { id } = await order();
      expectProblem(await move(id, "paid", await signed("user:alice", "user")), 401, "UNAUTHENTICATED");
      expectProblem(await move(id, "paid", "forged"), 401, "UNAUTHENTICATED");
      for (const path of [`/api/orders/${id}/transitions`, `/api/orders/${id}/TRANSITIONS/`])
        expectProblem(await shopper.call("POST", path, { body: { to: "paid" } }), 404, "NOT_FOUND");
      const asService = await request(platform.carts[0]!.url, "GET", "/cart", {
        headers: { [IDENTITY_HEADER]: await signed("service:payments", "service") },
      });
      expectProblem(asService, 401, "UNAUTHENTICATED");
      expect((await shopper.call("GET", `/api/orders/${id}`)).body.status).to.equal("placed");
    });
  });

  it("counts checkouts, what they were worth, and transitions", async () => {
    const { id } = await order(2);
    for (const status of [200, 409])
      expect((await shopper.call("POST", `/api/orders/${id}/cancel`)).status).to.equal(status);
    const text = await (await fetch(`${platform.carts[0]!.adminUrl}/metrics`)).text();
    for (const sample of [
      /^checkouts_total\{.*result="ok".*\} [1-9]/m,
      /^checkout_duration_seconds_count\{.*\} [1-9]/m,
      /^orders_value_total\{.*currency="EUR".*\} [1-9]/m,
      /^orders_placed_total\{.*\} [1-9]/m,
      /^order_transitions_total\{.*to="cancelled",result="order_state".*\} [1-9]/m,
    ])
      expect(text).to.match(sample);
  });
});
