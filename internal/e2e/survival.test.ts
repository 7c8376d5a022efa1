import { setTimeout as delay } from "node:timers/promises";
import { expect } from "chai";
import { Redis } from "ioredis";
import { consumeEvents, type EventConsumer } from "../testkit/event-consumer.ts";
import { eventually } from "../testkit/eventually.ts";
import { type Platform, startPlatform } from "../testkit/processes/platform.ts";
import type { DatabaseServer } from "../testkit/servers/database.ts";
import type { RabbitServer } from "../testkit/servers/rabbitmq.ts";
import type { RedisServer } from "../testkit/servers/redis.ts";
import { ownDatabase, ownRabbit, ownRedis } from "../testkit/servers/test-servers.ts";
import { shopperAt } from "../testkit/shopper.ts";
import { expectNothingLost, type Load, type LoadReport, startLoad } from "./load.ts";

/* Real processes, real servers, real kills under load, counted at a consumer. */

describe("Under load, Cartwright survives", function () {
  this.timeout(180_000);
  let redis: RedisServer;
  let database: DatabaseServer;
  let rabbit: RabbitServer;
  let platform: Platform;
  let consumer: EventConsumer;

  before(async () => {
    [redis, database, rabbit] = await Promise.all([ownRedis(), ownDatabase(), ownRabbit()]);
    await rabbit.persist();
    platform = await startPlatform({
      redisUrl: redis.url,
      database,
      rabbit,
      relays: 2,
      settings: { RELAY_LEASE_MS: "2000", SWEEP_AGE_MS: "500", SWEEP_INTERVAL_MS: "200" },
    });
    consumer = await consumeEvents({ url: rabbit.consumerUrl, queue: "cart.events.demo" });
  });
  after(async () => {
    await consumer?.close();
    await platform?.stop();
    await Promise.all([redis?.stop(), database?.stop(), rabbit?.stop()]);
  });

  /** Load before, during and after `fault`; resolves with what the shoppers saw. */
  async function underLoad(fault: (load: Load) => Promise<void>): Promise<LoadReport> {
    const load = await startLoad(platform);
    await more(load, 100);
    await fault(load);
    await more(load, 100);
    return load.stop();
  }

  async function more(load: Load, changes: number): Promise<void> {
    const goal = load.count() + changes;
    await eventually(`${changes} more changes are acknowledged`, () => load.count() >= goal, {
      timeoutMs: 60_000,
    });
  }

  it("a cart process killed -9, between staging and commit among other moments", async () => {
    const report = await underLoad(async (load) => {
      for (let kill = 0; kill < 3; kill++) {
        await platform.carts[0]!.kill("SIGKILL");
        await platform.carts[0]!.start();
        await more(load, 30);
      }
    });
    await expectNothingLost(report, consumer);
  });

  it("a cart process killed -9 while its events are staged and their commit hangs", async () => {
    const shopper = await shopperAt(platform.gatewayUrl, await platform.token("between"));
    const { cartId } = (await shopper.add("stove-ember", 1)).body;
    database.signal("SIGSTOP");
    const waiting = Array.from({ length: 5 }, () =>
      shopper.add("stove-ember", 1).catch((error: Error) => error),
    );
    await eventually("the changes are in Redis", async () => (await staged()) >= 5);
    await platform.carts[0]!.kill("SIGKILL");
    await Promise.all(waiting);
    database.signal("SIGCONT");
    await platform.carts[0]!.start();
    const { body } = await eventually("the cart can be read", async () => {
      const answer = await shopper.cart();
      return answer.status === 200 ? answer : null;
    });
    expect(body).to.deep.include({ cartId, version: 6 });
    const report = {
      acknowledged: [{ cartId, version: 1, outbox: null }],
      refused: new Map(),
      shoppers: [shopper],
    };
    await expectNothingLost(report, consumer);
  });

  it("a relay killed -9 in the middle of its window, while another takes over", async () => {
    const report = await underLoad(async (load) => {
      await platform.relays[0]!.kill("SIGKILL");
      await more(load, 200);
      await platform.relays[0]!.start();
    });
    await expectNothingLost(report, consumer);
  });

  it("a relay that is frozen until its leases are lost, and goes on", async () => {
    const report = await underLoad(async (load) => {
      platform.relays[1]!.signal("SIGSTOP");
      await eventually("the other relay owns every partition", () => owned(0, 64), {
        timeoutMs: 20_000,
        intervalMs: 100,
      });
      await more(load, 100);
      platform.relays[1]!.signal("SIGCONT");
      await eventually("both have a share again", () => owned(1, 32), { timeoutMs: 20_000, intervalMs: 100 });
    });
    await expectNothingLost(report, consumer);
  });

  it("both relays killed -9, the lag rising meanwhile where the cart reports it", async () => {
    const report = await underLoad(async (load) => {
      await Promise.all(platform.relays.map((relay) => relay.kill("SIGKILL")));
      await more(load, 50);
      await eventually(
        "the cart reports a lag",
        async () => (await gauge(platform.carts[0]!.adminUrl, LAG)) > 1,
        {
          intervalMs: 200,
        },
      );
      await Promise.all(platform.relays.map((relay) => relay.start()));
    });
    await expectNothingLost(report, consumer);
    await eventually("the lag is gone", async () => (await gauge(platform.carts[0]!.adminUrl, LAG)) < 1, {
      intervalMs: 200,
    });
  });

  it("RabbitMQ killed -9 and back", async () => {
    const report = await underLoad(async (load) => {
      await rabbit.kill("SIGKILL");
      await more(load, 50);
      await rabbit.start();
    });
    await expectNothingLost(report, consumer);
  });

  it("RabbitMQ stopped for 20 s", async () => {
    const report = await underLoad(async (load) => {
      await rabbit.kill("SIGTERM");
      await delay(20_000);
      await more(load, 50);
      await rabbit.start();
    });
    expect(report.refused, "carts do not notice").to.deep.equal(new Map());
    await expectNothingLost(report, consumer);
  });

  it("the database stopped for 20 s: carts keep working, and say that the events are staged", async () => {
    let during: LoadReport["acknowledged"] = [];
    let ready = "";
    const report = await underLoad(async (load) => {
      await database.kill(database.endsBy);
      const from = load.count();
      await delay(20_000);
      await more(load, 50);
      during = load.between(from, load.count());
      ready = await (await fetch(`${platform.carts[0]!.adminUrl}/readyz`)).text();
      await database.start();
    });
    expect(report.refused, "no change was refused").to.deep.equal(new Map());
    const staged = during.filter((change) => change.outbox === "staged").length;
    expect(staged, `of ${during.length} changes`).to.be.greaterThan(during.length / 2);
    expect(ready, "ready, and says what it can do").to.match(/staged in Redis and not committed/);
    await expectNothingLost(report, consumer);
  });

  it("the database frozen, so that it neither answers nor refuses", async () => {
    const report = await underLoad(async (load) => {
      database.signal("SIGSTOP");
      await more(load, 100);
      database.signal("SIGCONT");
    });
    expect(report.refused).to.deep.equal(new Map());
    await expectNothingLost(report, consumer);
  });

  it("SIGTERM to cart and relay: every request that was taken is answered, no event is lost", async () => {
    const report = await underLoad(async (load) => {
      await platform.carts[0]!.kill("SIGTERM");
      await platform.carts[0]!.start();
      await platform.relays[0]!.kill("SIGTERM");
      await more(load, 50);
      await platform.relays[0]!.start();
    });
    await expectNothingLost(report, consumer);
    expect(
      [...report.refused.keys()].filter((what) => what !== "502"),
      "a cart that is away is 502, nothing else",
    ).to.deep.equal([]);
  });

  it("Redis stopped: 503 at once while it is away, and recovery without a restart", async () => {
    const shopper = await shopperAt(platform.gatewayUrl, await platform.token("redis-away"));
    await shopper.add("stove-ember", 1);
    await redis.kill("SIGTERM");
    for (const call of [
      () => shopper.cart(),
      () => shopper.add("stove-ember", 1),
      () => shopper.call("DELETE", "/api/cart"),
    ]) {
      const answer = await call();
      expect([answer.status, answer.body.code]).to.deep.equal([503, "CART_STORE_UNAVAILABLE"]);
      expect(answer.headers.get("retry-after")).to.equal("1");
    }
    await redis.start();
    const back = await eventually("the cart is back", async () => {
      const answer = await shopper.cart();
      return answer.status === 200 ? answer : null;
    });
    expect(back.body.items).to.have.length(1);
  });

  it("Redis frozen: 503 within the timeout instead of a hang", async () => {
    const shopper = await shopperAt(platform.gatewayUrl, await platform.token("redis-frozen"));
    redis.signal("SIGSTOP");
    const answer = await shopper.cart();
    redis.signal("SIGCONT");
    expect([answer.status, answer.body.code]).to.deep.equal([503, "CART_STORE_UNAVAILABLE"]);
    await eventually("the cart is back", async () => (await shopper.cart()).status === 200);
  });

  /** Events staged in Redis, whatever any process says of them. */
  async function staged(): Promise<number> {
    const client = new Redis(redis.url);
    try {
      const streams = await client.keys("outbox:{*}");
      return (await Promise.all(streams.map((stream) => client.xlen(stream)))).reduce(
        (sum, length) => sum + length,
        0,
      );
    } finally {
      client.disconnect();
    }
  }

  const LAG = "outbox_oldest_pending_age_seconds";

  async function gauge(adminUrl: string, name: string): Promise<number> {
    const text = await (await fetch(`${adminUrl}/metrics`)).text();
    return Number(new RegExp(`^${name}\\{[^}]*\\} (\\S+)$`, "m").exec(text)?.[1] ?? Number.NaN);
  }

  async function owned(relay: number, partitions: number): Promise<boolean> {
    return (await gauge(platform.relays[relay]!.adminUrl, "outbox_partitions_owned")) === partitions;
  }
});
