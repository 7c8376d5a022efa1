import { randomUUID } from "node:crypto";
import { expect } from "chai";
import { consumeEvents, type EventConsumer } from "../testkit/event-consumer.ts";
import { eventually } from "../testkit/eventually.ts";
import { type Platform, startPlatform } from "../testkit/processes/platform.ts";
import { testDatabase, testRabbit, testRedis } from "../testkit/servers/test-servers.ts";
import { type Answer, request, type Shopper, shopperAt } from "../testkit/shopper.ts";
import { expectProblem } from "./expect-problem.ts";

const [MUG, STOVE] = ["mug-steel", "stove-ember"];

describe("A guest who signs in, from outside", function () {
  this.timeout(180_000);
  let platform: Platform;
  let consumer: EventConsumer;
  let guestToken = "";
  let guest: Shopper;
  let user: Shopper;
  let userToken = "";

  before(async () => {
    const [redis, database, rabbit] = await Promise.all([testRedis(), testDatabase(), testRabbit()]);
    platform = await startPlatform({ redisUrl: redis.url, database, rabbit });
    consumer = await consumeEvents({ url: rabbit.consumerUrl, queue: "cart.events.demo" });
  });
  after(async () => {
    await consumer?.close();
    await platform?.stop();
  });
  beforeEach(async () => {
    const session = await request(platform.gatewayUrl, "POST", "/api/session");
    guestToken = session.body.accessToken;
    guest = await shopperAt(platform.gatewayUrl, guestToken);
    userToken = await platform.token(`merge-${randomUUID()}`);
    user = await shopperAt(platform.gatewayUrl, userToken);
  });

  const merge = (body: unknown, by = user, headers: Record<string, string> = {}): Promise<Answer> =>
    by.call("POST", "/api/cart/merge", { body, headers });

  it("has the guest's lines in the user's cart, told by two events, and a repeat changes nothing", async () => {
    await guest.add(MUG, 2);
    const { cartId: guestCart } = (await guest.add(STOVE, 1)).body;
    await user.add(MUG, 1);
    const answer = await merge({ guestToken });
    expect(answer.status, JSON.stringify(answer.body)).to.equal(200);
    const { cart, lines } = answer.body;
    expect(answer.headers.get("etag")).to.equal(`"${cart.version}"`);
    expect(answer.headers.get("outbox-state")).to.be.oneOf(["committed", "staged"]);
    expect(lines).to.deep.equal([
      { productId: MUG, outcome: "merged", guestQuantity: 2, userQuantity: 1, quantity: 2 },
      { productId: STOVE, outcome: "merged", guestQuantity: 1, userQuantity: 0, quantity: 1 },
    ]);
    expect(cart.items.map(({ unitPrice }: { unitPrice: object }) => typeof unitPrice)).to.deep.equal([
      "object",
      "object",
    ]);
    expect((await guest.cart()).body.items).to.deep.equal([]);
    const repeated = await merge({ guestToken, strategy: "sum" });
    expect([repeated.headers.get("idempotent-replayed"), repeated.body.lines]).to.deep.equal(["true", lines]);
    expect((await user.cart()).body.version).to.equal(cart.version);
    const typesOf = (id: string) =>
      consumer.events.filter(({ subject }) => subject === id).map(({ type }) => type);
    await eventually(
      "both events",
      () => typesOf(guestCart).length === 3 && typesOf(cart.cartId).length === 2,
    );
    expect(typesOf(guestCart).at(-1)).to.equal("cart.merged");
    expect(typesOf(cart.cartId).at(-1)).to.equal("cart.updated");
  });

  it("is refused with what is wrong, and nothing is done", async () => {
    await guest.add(MUG, 2);
    expectProblem(await merge({ guestToken }, guest), 403, "FORBIDDEN");
    expectProblem(await merge({ guestToken: userToken }), 403, "NOT_A_GUEST_TOKEN");
    expectProblem(await merge({ guestToken: `${guestToken}x` }), 400, "GUEST_TOKEN_INVALID");
    for (const body of [
      {},
      { guestToken: 7 },
      [],
      null,
      { guestToken, strategy: "min" },
      { guestToken, more: 1 },
    ])
      expectProblem(await merge(body), 400, "INVALID_REQUEST");
    expectProblem(await merge({ guestToken: "x".repeat(9_000) }), 400, "INVALID_REQUEST");
    for (const name of ["if-match", "if-none-match"])
      expectProblem(await merge({ guestToken }, user, { [name]: '"1"' }), 400, "INVALID_REQUEST");
    expectProblem(await merge({ guestToken }, user, { "idempotency-key": '"open' }), 400, "INVALID_REQUEST");
    expectProblem(await user.call("GET", "/api/cart/merge"), 405, "METHOD_NOT_ALLOWED");
    expect((await guest.cart()).body.items).to.have.length(1);
    expect((await user.cart()).body.items).to.have.length(0);
  });
});
