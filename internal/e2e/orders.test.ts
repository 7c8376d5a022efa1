import { randomUUID } from "node:crypto";
import { expect } from "chai";
import { eventually } from "../testkit/eventually.ts";
import { expectDescribedAnswer } from "../testkit/openapi.ts";
import { shopperAt } from "../testkit/shopper.ts";
import { checkoutScene } from "./checkout-scene.ts";
import { expectProblem } from "./expect-problem.ts";

describe("An owner's orders, from outside", function () {
  const scene = checkoutScene(this);
  const { order, eventsOf } = scene;

  it("shows each owner their own orders, newest first, page by page", async () => {
    const { shopper, platform } = scene;
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
    const { shopper, platform } = scene;
    const { id } = await order();
    const stranger = await shopperAt(platform.gatewayUrl);
    for (const other of [id, id.toUpperCase(), randomUUID(), "x", "%00", "a'b"]) {
      const path = `/api/orders/${other}`;
      expectProblem(await stranger.call("GET", path), 404, "ORDER_NOT_FOUND", "id");
      expectProblem(await stranger.call("POST", `${path}/cancel`), 404, "ORDER_NOT_FOUND", "id");
    }
    expect((await shopper.call("GET", `/api/orders/${id}`)).body.status).to.equal("placed");
  });

  it("cancels an order once, with its event, and gives a repeat the order as it is", async () => {
    const { shopper, document } = scene;
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

  it("counts checkouts, what they were worth, and transitions", async () => {
    const { shopper, platform } = scene;
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
