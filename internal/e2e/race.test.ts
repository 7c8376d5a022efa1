import { expect } from "chai";
import { checkPerCartOrder, consumeEvents, type EventConsumer } from "../testkit/event-consumer.ts";
import { type Platform, startPlatform } from "../testkit/processes/platform.ts";
import { testDatabase, testRabbit, testRedis } from "../testkit/servers/test-servers.ts";
import { shopperAt } from "../testkit/shopper.ts";

const RACES = Number(process.env.RACES ?? 20);
const ADDS = 100;

describe("The race this project was born from", function () {
  this.timeout(60_000 + RACES * 3_000);
  let platform: Platform;
  let consumer: EventConsumer;

  before(async () => {
    const [redis, database, rabbit] = await Promise.all([testRedis(), testDatabase(), testRabbit()]);
    platform = await startPlatform({ redisUrl: redis.url, database, rabbit });
    consumer = await consumeEvents({ url: rabbit.consumerUrl, queue: "cart.events.demo" });
  });
  after(async () => {
    await consumer?.close();
    await platform?.stop();
  });

  it(`${RACES} times: ${ADDS} concurrent adds of one product make exactly ${ADDS}, and ${ADDS} events in order`, async () => {
    for (let race = 0; race < RACES; race++) {
      const shopper = await shopperAt(platform.gatewayUrl);
      const answers = await Promise.all(Array.from({ length: ADDS }, () => shopper.add("stove-ember", 1)));
      expect(answers.map((answer) => answer.status)).to.deep.equal(Array(ADDS).fill(200));
      const { body } = await shopper.cart();
      expect(body.items.map((item: { quantity: number }) => item.quantity)).to.deep.equal([ADDS]);
      expect(body.version).to.equal(ADDS);
      const versions = answers.map((answer) => answer.body.version).toSorted((a, b) => a - b);
      expect(versions, "each answer has a version of its own").to.deep.equal(
        Array.from({ length: ADDS }, (_, i) => i + 1),
      );

      const mine = () => consumer.events.filter((event) => event.subject === body.cartId);
      await consumer.waitFor(() => mine().length >= ADDS, 30_000);
      expect(checkPerCartOrder(mine(), 1)).to.deep.equal([]);
      expect(mine().map((event) => event.version)).to.deep.equal(
        Array.from({ length: ADDS }, (_, i) => i + 1),
      );
      if ((race + 1) % 100 === 0) console.log(`      ${race + 1} of ${RACES}`);
    }
  });
});
