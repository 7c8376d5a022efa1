import { expect } from "chai";
import { consumeEvents, type EventConsumer } from "../testkit/event-consumer.ts";
import { eventually } from "../testkit/eventually.ts";
import { type Platform, startPlatform } from "../testkit/processes/platform.ts";
import { ownRedis, testDatabase, testRabbit } from "../testkit/servers/test-servers.ts";
import { shopperAt } from "../testkit/shopper.ts";

describe("A shop that reminds people of their carts", function () {
  this.timeout(180_000);
  let platform: Platform;
  let consumer: EventConsumer;

  before(async () => {
    const [redis, database, rabbit] = await Promise.all([ownRedis(), testDatabase(), testRabbit()]);
    platform = await startPlatform({
      redisUrl: redis.url,
      database,
      rabbit,
      relays: 2,
      settings: { CART_TTL_SECONDS: "12", CART_EXPIRING_NOTICE_SECONDS: "10", SWEEP_INTERVAL_MS: "50" },
    });
    consumer = await consumeEvents({ url: rabbit.consumerUrl, queue: "cart.events.demo" });
  });
  after(async () => {
    await consumer?.close();
    await platform?.stop();
  });

  it("hears once from two relays that a cart is near its end, again after a renewal, and that it has ended", async () => {
    const user = await shopperAt(platform.gatewayUrl, await platform.token("reminded"));
    const { cartId } = (await user.add("mug-steel", 2)).body;
    const mine = () => consumer.events.filter(({ subject }) => subject === cartId);
    const told = () => mine().filter(({ type }) => type === "cart.expiring");
    const patience = { timeoutMs: 60_000 };
    await eventually("the first life is told of", () => told().length > 0, patience);
    await user.add("mug-steel", 1);
    const ended = () => mine().some(({ type }) => type === "cart.expired");
    await eventually("the cart has expired", ended, patience);
    const events = [...new Map(mine().map((event) => [event.id, event])).values()];
    expect(events.map(({ type, version }) => `${version} ${type}`)).to.deep.equal([
      "1 cart.updated",
      "2 cart.expiring",
      "3 cart.updated",
      "4 cart.expiring",
      "5 cart.expired",
    ]);
    for (const { data } of events.slice(-2))
      expect(data).to.deep.include({
        ownerKind: "user",
        items: [{ productId: "mug-steel", quantity: 3 }],
      });
  });
});
