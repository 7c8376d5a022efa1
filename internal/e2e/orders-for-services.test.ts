import { randomUUID } from "node:crypto";
import { expect } from "chai";
import { createInternalTokenSigner, IDENTITY_HEADER } from "../platform/identity/internal-token.ts";
import { fixedKeyRing } from "../platform/identity/key-ring.ts";
import { eventually } from "../testkit/eventually.ts";
import { expectDescribedAnswer, expectServedAsDescribed, expectWellFormed } from "../testkit/openapi.ts";
import { request } from "../testkit/shopper.ts";
import { checkoutScene } from "./checkout-scene.ts";
import { expectProblem } from "./expect-problem.ts";

describe("A service that drives orders", function () {
  const scene = checkoutScene(this);
  const { order, eventsOf } = scene;

  const signed = (owner: string, kind: "user" | "service") =>
    createInternalTokenSigner({
      keys: fixedKeyRing(scene.platform.surroundings.internalTokenSecret),
      audience: "cartwright-cart",
    }).sign({ owner, kind });
  const move = async (id: string, to: unknown, token?: string, key?: string) =>
    request(scene.platform.carts[0]!.url, "POST", `/orders/${id}/transitions`, {
      body: { to },
      headers: {
        [IDENTITY_HEADER]: token ?? (await signed("service:payments", "service")),
        ...(key !== undefined && { "idempotency-key": key }),
      },
    });

  it("pays and fulfils, and is told what an order's status does not allow", async () => {
    const { shopper } = scene;
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
    const { shopper, platform, document } = scene;
    const inside = (await request(platform.carts[0]!.url, "GET", "/services/openapi.json")).body;
    expectWellFormed(inside);
    expect(Object.keys(inside.paths)).to.have.members(["/orders/{id}/transitions", "/services/openapi.json"]);
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
    const { shopper, platform } = scene;
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
