import { expect } from "chai";
import { createInternalTokenSigner, IDENTITY_HEADER } from "../platform/identity/internal-token.ts";
import { fixedKeyRing } from "../platform/identity/key-ring.ts";
import { eventually } from "../testkit/eventually.ts";
import { request, shopperAt } from "../testkit/shopper.ts";
import { expectProblem } from "./expect-problem.ts";
import { shoppingScene } from "./shopping-scene.ts";

describe("The platform, from outside", function () {
  const scene = shoppingScene(this);
  const { eventsOf } = scene;

  it("keeps the contract of a session, the catalog, an empty cart and a full one", async () => {
    const { shopper, platform } = scene;
    const session = await request(platform.gatewayUrl, "POST", "/api/session");
    expect(session.status).to.equal(201);
    expect(session.body).to.include({
      tokenType: "Bearer",
      expiresIn: 900,
      refreshExpiresIn: 86_400,
    });

    const list = await shopper.call("GET", "/api/catalog/products?limit=2");
    expect(Object.keys(list.body)).to.deep.equal(["items", "nextCursor"]);
    const [product] = list.body.items;
    expect(Object.keys(product)).to.have.members(["id", "name", "price", "stock"]);
    expect((await shopper.call("GET", `/api/catalog/products/${product.id}`)).body).to.deep.equal(product);
    expectProblem(await shopper.call("GET", "/api/catalog/products/none"), 404, "PRODUCT_NOT_FOUND");

    const empty = await shopper.cart();
    expect(empty.headers.get("etag")).to.equal('"0"');
    expect(empty.body).to.deep.equal({
      cartId: null,
      version: 0,
      items: [],
      total: { amount: 0, currency: "EUR" },
      expiresAt: null,
      pricesAsOf: null,
    });

    const added = await shopper.add(product.id, 2);
    expect([added.status, added.headers.get("etag"), added.headers.get("outbox-state")]).to.deep.equal([
      200,
      '"1"',
      "committed",
    ]);
    expect(added.body.items).to.deep.equal([
      {
        productId: product.id,
        name: product.name,
        unitPrice: product.price,
        quantity: 2,
        lineTotal: { amount: 2 * product.price.amount, currency: "EUR" },
        availability: "available",
      },
    ]);
    expect(added.body.total.amount).to.equal(2 * product.price.amount);
    expect(Date.parse(added.body.expiresAt)).to.be.greaterThan(Date.now());
    expect((await shopper.cart()).body).to.deep.include({ cartId: added.body.cartId, version: 1 });
  });

  it("empties a cart whose time is up, and tells of it once", async () => {
    const { shopper } = scene;
    const { body } = await shopper.add("mug-steel", 1);
    const over = () => Date.now() >= Date.parse(body.expiresAt);
    const empty = await eventually("its time is up", async () => {
      const [before, cart] = [over(), await shopper.cart()];
      return before ? cart : null;
    });
    expect(empty.body).to.deep.include({ cartId: null, version: 0, items: [] });
    const mine = () => eventsOf(body.cartId);
    await eventually("cart.expired arrives", () => mine().some((event) => event.type === "cart.expired"));
    expect(mine().map((event) => event.type)).to.deep.equal(["cart.updated", "cart.expired"]);
  });

  it("follows If-Match and Idempotency-Key over HTTP", async () => {
    const { shopper } = scene;
    const first = await shopper.add("mug-steel", 1, { "idempotency-key": "k-1" });
    const repeat = await shopper.add("mug-steel", 1, { "idempotency-key": "k-1" });
    expect([repeat.status, repeat.body.version, repeat.headers.get("outbox-state")]).to.deep.equal([
      200,
      1,
      "committed",
    ]);
    expect(repeat.body.items).to.deep.equal(first.body.items);
    expectProblem(
      await shopper.add("mug-steel", 2, { "idempotency-key": "k-1" }),
      422,
      "IDEMPOTENCY_KEY_REUSED",
      "Idempotency-Key",
    );
    expectProblem(
      await shopper.add("mug-steel", 1, { "if-match": '"7"' }),
      412,
      "VERSION_MISMATCH",
      "If-Match",
    );
    expectProblem(await shopper.add("mug-steel", 1, { "if-match": "7" }), 400, "INVALID_REQUEST", "If-Match");
    expect((await shopper.add("mug-steel", 1, { "if-match": '"1",' })).headers.get("etag")).to.equal('"2"');
  });

  it("follows If-None-Match on changes and If-Match on reads, as RFC 9110 has them", async () => {
    const { shopper, platform } = scene;
    const add = (tags: string) => shopper.add("mug-steel", 1, { "if-none-match": tags });
    expect((await add("*")).status, "no cart yet").to.equal(200);
    for (const tags of ["*", '"1"', 'W/"1", "9"'])
      expectProblem(await add(tags), 412, "VERSION_MISMATCH", "If-None-Match");
    expect((await add('"9"')).headers.get("etag")).to.equal('"2"');
    const read = (tags: string) => shopper.call("GET", "/api/cart", { headers: { "if-match": tags } });
    expectProblem(await read('"1"'), 412, "VERSION_MISMATCH", "If-Match");
    expectProblem(await read("2"), 400, "INVALID_REQUEST", "If-Match");
    for (const tags of ['"2"', "*", '"1", "2"']) expect((await read(tags)).status, tags).to.equal(200);
    const empty = await shopperAt(platform.gatewayUrl);
    const none = await empty.call("GET", "/api/cart", { headers: { "if-match": "*" } });
    expectProblem(none, 412, "VERSION_MISMATCH", "If-Match");
  });

  it("never lets one owner reach another's cart, whatever headers come along", async () => {
    const { platform } = scene;
    const alice = await shopperAt(platform.gatewayUrl, await platform.token("alice"));
    const mallory = await shopperAt(platform.gatewayUrl, await platform.token("mallory"));
    await alice.add("mug-steel", 3);
    const signed = await createInternalTokenSigner({
      keys: fixedKeyRing(platform.surroundings.internalTokenSecret),
      audience: "cartwright-cart",
    }).sign({ owner: "user:alice", kind: "user" });
    for (const headers of [
      { [IDENTITY_HEADER]: signed },
      { "X-Cartwright-Identity": "user:alice" },
      { "x-user-id": "alice", "x-owner": "user:alice", "x-forwarded-user": "alice" },
    ]) {
      const seen = await mallory.call("GET", "/api/cart", { headers });
      expect(seen.body.version).to.equal(0);
    }
    expect((await alice.cart()).body.items[0].quantity).to.equal(3);
  });

  it("lets nobody reach the cart service past the gateway", async () => {
    const { platform } = scene;
    const cart = platform.carts[0]!.url;
    const wrong = await createInternalTokenSigner({
      keys: fixedKeyRing("x".repeat(32)),
      audience: "cartwright-cart",
    }).sign({ owner: "user:alice", kind: "user" });
    const bearer = await platform.token("alice");
    for (const headers of [
      {},
      { [IDENTITY_HEADER]: wrong },
      { [IDENTITY_HEADER]: "user:alice" },
      { [IDENTITY_HEADER]: bearer },
      { authorization: `Bearer ${bearer}` },
    ]) {
      expectProblem(
        await request(cart, "GET", "/cart", { headers: headers as Record<string, string> }),
        401,
        "UNAUTHENTICATED",
      );
    }
  });

  it("passes the trace context on, into the event", async () => {
    const { shopper } = scene;
    const traceparent = `00-${"ab".repeat(16)}-${"cd".repeat(8)}-01`;
    const { body } = await shopper.call("POST", "/api/cart/items", {
      body: { productId: "mug-steel", quantity: 1 },
      headers: { traceparent },
    });
    const event = await eventually("the event", () => eventsOf(body.cartId)[0]);
    expect(event.message.application_properties?.["cloudEvents:traceparent"]).to.equal(traceparent);
  });

  it("exports its metrics in every process", async () => {
    const { platform } = scene;
    // Nothing else makes sure that a connection of the tests before went to this gateway.
    await (await shopperAt(platform.gateways[1]!.url)).cart();
    const metricsOf = async (adminUrl: string) => (await fetch(`${adminUrl}/metrics`)).text();
    const names: [string, string[]][] = [
      [
        platform.carts[0]!.adminUrl,
        [
          "cart_ttl_seconds",
          "cart_ttl_remaining_seconds_bucket",
          "carts_active",
          "cart_expired_total",
          "cart_operations_total",
          "cart_operation_duration_seconds_bucket",
          "outbox_staged_events",
          "outbox_pending_events",
          "outbox_oldest_pending_age_seconds",
          "http_request_duration_seconds_bucket",
        ],
      ],
      [
        platform.relays[0]!.adminUrl,
        [
          "outbox_publish_total",
          "outbox_publish_latency_seconds_bucket",
          "outbox_dead_events",
          "outbox_partitions_owned",
          "outbox_oldest_pending_age_seconds",
          "cart_expired_total",
        ],
      ],
      [
        platform.gateways[1]!.adminUrl,
        [
          "gateway_token_cache_total",
          "gateway_rate_limited_total",
          "gateway_cache_requests_total",
          "http_request_duration_seconds_bucket",
        ],
      ],
      [platform.catalog.adminUrl, ["http_request_duration_seconds_bucket"]],
    ];
    for (const [adminUrl, wanted] of names) {
      const text = await metricsOf(adminUrl);
      for (const name of wanted) expect(text, name).to.match(new RegExp(`^${name}(\\{[^}]*\\})? \\S+$`, "m"));
      expect((await fetch(`${adminUrl}/healthz`)).status).to.equal(200);
    }
    const cart = await metricsOf(platform.carts[0]!.adminUrl);
    const requests = cart
      .split("\n")
      .find((line) => /^http_request_duration_seconds_count\{.*"\/cart\/items"/.test(line));
    expect(requests).to.match(/method="POST"/);
  });
});
