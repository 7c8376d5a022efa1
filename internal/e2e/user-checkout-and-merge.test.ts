import { randomUUID } from "node:crypto";
import { expect } from "chai";
import { createRedisMergeStore } from "../cart/merge/merge-store.redis.ts";
import { identityOf } from "../platform/identity/identity.ts";
import { awaitRedis, connectRedis } from "../platform/redis/redis.ts";
import { parseRedisUrl } from "../platform/redis/redis-url.ts";
import { unwrap } from "../platform/result/result.ts";
import { recordingLogger } from "../testkit/recording-logger.ts";
import { expectProblem } from "./expect-problem.ts";
import { eventually, MUG, openGatedCheckouts, PATIENCE } from "./gated-checkouts.ts";

/* A guest signs in as a user whose own cart was ordered and not yet reduced. */

/** The default of CART_SHARDS. */
const SHARDS = 64;

describe("A merge into a cart that was ordered and not yet reduced", function () {
  this.timeout(PATIENCE.test);
  let scene: Awaited<ReturnType<typeof openGatedCheckouts>>;
  let guest = "";
  let user = "";

  before(async () => {
    scene = await openGatedCheckouts();
  });
  after(() => scene?.close());
  beforeEach(() => {
    user = scene.newOwner("user");
    guest = `guest:crash-${randomUUID()}`;
  });
  afterEach(() => scene.toRedis.open());

  async function fillGuest(quantity: number) {
    const line = { productId: MUG, quantity };
    const { status } = await scene.callAs(identityOf(guest)!, scene.other, "POST", "/cart/items", line);
    expect(status).to.equal(200);
  }
  const merge = () => scene.merge(user, guest);
  /** Checks out three; Redis is lost once the order is committed, and just then something else happens. */
  async function orderedAndNotReduced<T>(happens: () => Promise<T>): Promise<T> {
    const isBack = async () => (await scene.call(scene.gated, "GET", "/cart")).status === 200;
    await eventually("Redis is there again", isBack);
    await scene.add(3);
    const body = await scene.agreed();
    const meanwhile = Promise.withResolvers<T>();
    scene.at.answered = () => {
      scene.toRedis.shut();
      happens().then(meanwhile.resolve, meanwhile.reject);
    };
    const { status, body: answer } = await scene.call(scene.gated, "POST", "/cart/checkout", body, "k");
    expect([status, answer.cart]).to.deep.equal([201, "pending"]);
    return meanwhile.promise;
  }

  it("waits for the checkout, and then gives all that the guest has", async () => {
    await fillGuest(5);
    expectProblem(await orderedAndNotReduced(merge), 409, "MERGE_CONFLICT");
    expect(await scene.heldBy(guest)).to.equal(5);
    const lines = await eventually("the cart is merged", async () => {
      const { status, body } = await merge();
      return status === 200 && body.lines;
    });
    expect(lines).to.deep.equal([
      { productId: MUG, outcome: "merged", guestQuantity: 5, userQuantity: 0, quantity: 5 },
    ]);
    expect([await scene.heldBy(user), await scene.heldBy(guest)]).to.deep.equal([5, 0]);
    await scene.expectOrders(1);
    await eventually("the order is marked", async () => (await scene.unsettled()) === 0);
    expect(await scene.heldBy(user)).to.equal(5);
  });

  it("is finished by a relay, with all that the guest had, when its process died with the guest's cart taken", async () => {
    await fillGuest(5);
    await orderedAndNotReduced(takenByTheDead);
    await eventually("the cart is given", async () => (await scene.heldBy(user)) === 5);
    expect(await scene.heldBy(guest)).to.equal(0);
    await scene.expectOrders(1);
    await eventually("the order is marked", async () => (await scene.unsettled()) === 0);
    expect(await scene.heldBy(user)).to.equal(5);
  });

  /** What a cart process does to the guest's cart before it dies. */
  async function takenByTheDead() {
    const { log } = recordingLogger();
    const redis = connectRedis(parseRedisUrl(scene.redisUrl)!, { log, commandTimeoutMs: 5_000 });
    await awaitRedis(redis, 10_000);
    const store = createRedisMergeStore({ redis, shards: SHARDS, log });
    const seen = unwrap(await store.take(guest, null));
    if (seen.kind !== "cart") throw new Error(`the guest's cart is ${seen.kind}`);
    const { cartId, version, items } = seen.cart;
    const lines = items.map((line) => ({ ...line, stock: 1_000 }));
    const request = { user, guest, strategy: "max", idempotencyKey: null, traceparent: null } as const;
    const terms = { maxLines: 100, maxQuantity: 999, ttlMs: 600_000, graceMs: 600_000 };
    const taken = await store.take(guest, { ...request, ...terms, cartId, version, lines });
    redis.disconnect();
    expect(unwrap(taken).kind).to.equal("taken");
  }
});
