import { randomUUID } from "node:crypto";
import { expect } from "chai";
import type { OpenApiDocument } from "../platform/http/openapi.ts";
import { consumeEvents, type EventConsumer } from "../testkit/event-consumer.ts";
import { expectDescribedAnswer } from "../testkit/openapi.ts";
import { type Platform, startPlatform } from "../testkit/processes/platform.ts";
import { testDatabase, testRabbit, testRedis } from "../testkit/servers/test-servers.ts";
import { type Answer, request, type Shopper, shopperAt } from "../testkit/shopper.ts";

export const eur = (amount: number) => ({ amount, currency: "EUR" });

/** Starts a platform for the suite that calls it; each test has a shopper and two products of its own. */
export function checkoutScene(suite: Mocha.Suite) {
  suite.timeout(180_000);
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

  return {
    get platform() {
      return platform;
    },
    get document() {
      return document;
    },
    get shopper() {
      return shopper;
    },
    get mug() {
      return mug;
    },
    get tent() {
      return tent;
    },
    admin,
    change,
    seen,
    checkout,
    order,
    eventsOf,
  };
}
