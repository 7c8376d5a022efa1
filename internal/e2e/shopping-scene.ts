import { consumeEvents, type EventConsumer } from "../testkit/event-consumer.ts";
import { type Platform, startPlatform } from "../testkit/processes/platform.ts";
import { ownRedis, testDatabase, testRabbit } from "../testkit/servers/test-servers.ts";
import { request, type Shopper, shopperAt } from "../testkit/shopper.ts";

const TTL_SECONDS = 2;

/** A platform whose carts live for 2 s, for the suite that calls it; each test has a shopper of its own. */
export function shoppingScene(suite: Mocha.Suite) {
  suite.timeout(180_000);
  let platform: Platform;
  let consumer: EventConsumer;
  let redisUrl: string;
  let shopper: Shopper;

  before(async () => {
    const [redis, database, rabbit] = await Promise.all([ownRedis(), testDatabase(), testRabbit()]);
    redisUrl = redis.url;
    platform = await startPlatform({
      redisUrl,
      database,
      rabbit,
      settings: {
        CART_TTL_SECONDS: String(TTL_SECONDS),
        CATALOG_CACHE_TTL_MS: "100",
        SWEEP_INTERVAL_MS: "100",
      },
      defaultLimits: true,
    });
    consumer = await consumeEvents({ url: rabbit.consumerUrl, queue: "cart.events.demo" });
  });
  after(async () => {
    await consumer?.close();
    await platform?.stop();
  });
  beforeEach(async () => {
    shopper = await shopperAt(platform.gatewayUrl);
  });

  return {
    get platform() {
      return platform;
    },
    get redisUrl() {
      return redisUrl;
    },
    get shopper() {
      return shopper;
    },
    catalogAdmin: (method: string, path: string, body?: unknown) =>
      request(platform.catalog.url, method, `/admin${path}`, {
        body,
        headers: { authorization: `Bearer ${platform.surroundings.catalogAdminToken}` },
      }),
    eventsOf: (subject: string) => consumer.events.filter((event) => event.subject === subject),
  };
}
