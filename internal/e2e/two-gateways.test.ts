import { randomUUID } from "node:crypto";
import { expect } from "chai";
import { eventually } from "../testkit/eventually.ts";
import { type Platform, startPlatform } from "../testkit/processes/platform.ts";
import { testDatabase, testRabbit, testRedis } from "../testkit/servers/test-servers.ts";
import { request, shopperAt } from "../testkit/shopper.ts";

const QUOTA = 30;

describe("Two gateways behind one address", function () {
  this.timeout(180_000);
  let platform: Platform;
  let urls: string[];

  before(async () => {
    const [redis, database, rabbit] = await Promise.all([testRedis(), testDatabase(), testRabbit()]);
    // On a busy machine Redis may take longer than requests usually wait: then each gateway counts alone.
    const settings = { RATE_LIMIT_ADDRESS: `${QUOTA}/600`, RATE_LIMIT_TIMEOUT_MS: "10000" };
    platform = await startPlatform({ redisUrl: redis.url, database, rabbit, settings });
    urls = platform.gateways.map(({ url }) => url);
  });
  after(() => platform?.stop());

  it("take each other's sessions, and remember a repeat for each other", async () => {
    const [first, second] = urls as [string, string];
    const token = (await request(first, "POST", "/api/session")).body.accessToken;
    const key = { "idempotency-key": randomUUID() };
    const [one, other] = [await shopperAt(first, token), await shopperAt(second, token)];
    expect((await one.add("mug-steel", 2, key)).body.version).to.equal(1);
    const repeat = await other.add("mug-steel", 2, key);
    expect([repeat.status, repeat.headers.get("idempotent-replayed"), repeat.body.version]).to.deep.equal([
      200,
      "true",
      1,
    ]);
    expect((await other.cart()).body.items[0].quantity).to.equal(2);
  });

  it("both serve who calls the one address", async () => {
    const shopper = await shopperAt(platform.gatewayUrl);
    const counts = async () =>
      Promise.all(
        platform.gateways.map(async ({ adminUrl }) => {
          const text = await (await fetch(`${adminUrl}/metrics`)).text();
          const line = text
            .split("\n")
            .find((each) => /duration_seconds_count\{.*"\/api\/cart",method="GET"/.test(each));
          return Number(line?.split(" ").at(-1) ?? 0);
        }),
      );
    await Promise.all(Array.from({ length: 20 }, () => shopper.cart()));
    await eventually("both have served", async () => (await counts()).every((count) => count > 0));
  });

  it("let exactly the quota of one address through, whichever gateway is asked", async () => {
    const asks = Array.from({ length: QUOTA + 20 }, (_, i) =>
      request(urls[i % 2]!, "GET", "/api/catalog/products?limit=1"),
    );
    const statuses = (await Promise.all(asks)).map(({ status }) => status);
    expect(statuses.filter((status) => status === 200)).to.have.length(QUOTA);
    expect(statuses.filter((status) => status === 429)).to.have.length(20);
  });
});
