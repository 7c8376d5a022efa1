import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { expect } from "chai";
import { eventually } from "../testkit/eventually.ts";
import { devSecrets } from "../testkit/processes/dev-keys.ts";
import { migrateDatabase, NO_LIMITS, type Running, startProcess } from "../testkit/processes/platform.ts";
import type { ProcessName, Surroundings } from "../testkit/processes/processes.ts";
import { logDir, testDatabase, testRedis } from "../testkit/servers/test-servers.ts";
import { type Shopper, shopperAt } from "../testkit/shopper.ts";
import { startTcpBalancer } from "../testkit/tcp-balancer.ts";

const SHOPPERS = 12;

/** What each shopper does in turn. Only the last may not be sent twice. */
const KINDS = {
  "GET the cart": (shopper) => shopper.cart(),
  "PUT a line": (shopper) => shopper.call("PUT", "/api/cart/items/lamp-head-400", { body: { quantity: 2 } }),
  "POST with a key": (shopper, key) => shopper.add("stove-ember", 1, { "idempotency-key": key }),
  "POST without a key": (shopper) => shopper.add("mug-steel", 1),
} satisfies Record<string, (shopper: Shopper, key: string) => ReturnType<Shopper["cart"]>>;
type Kind = keyof typeof KINDS;

/** What waits for a busy machine says so, and the shopper may ask again: nothing is lost by that. */
const BUSY = new Set(["503", "504"]);

/*
 * Gateways and carts come and go under load: what a shopper loses by it. By itself (`make test-rolling`),
 * because what it starts and loads wants a machine of its own.
 */

describe("Under load, what shoppers notice of", function () {
  this.timeout(600_000);
  let carts: Running[];
  let gateways: Running[];
  let balancer: Awaited<ReturnType<typeof startTcpBalancer>>;
  const started: Running[] = [];

  before(async () => {
    const [redis, database] = await Promise.all([testRedis(), testDatabase()]);
    await migrateDatabase(database);
    const dir = logDir("rolling");
    // Without relays: what becomes of events is not looked at here.
    const surroundings: Surroundings = {
      redisUrl: redis.url,
      databaseUrl: database.appUrl,
      amqpUrl: "",
      ...(await devSecrets(dir)),
    };
    // Serving on for longer than the balancer's looks, and than clients keep connections.
    const settings = { ...NO_LIMITS, CART_MAX_QUANTITY: "1000000", SHUTDOWN_DELAY_MS: "6000" };
    const start = async (name: ProcessName, urls: { cart: string; catalog: string }) => {
      const log = join(dir, `${name}-${started.length}.log`);
      const running = await startProcess(name, surroundings, urls, settings, log);
      started.push(running);
      return running;
    };
    const { url: catalog } = await start("catalog-stub", { cart: "", catalog: "" });
    carts = [await start("cart", { cart: "", catalog }), await start("cart", { cart: "", catalog })];
    const both = { cart: carts.map(({ url }) => url).join(), catalog };
    gateways = [await start("gateway", both), await start("gateway", both)];
    balancer = await startTcpBalancer(gateways);
  });
  after(async () => {
    await balancer?.stop();
    await Promise.all(started.map((each) => each.kill("SIGTERM")));
  });

  /** Shoppers at one address while `fault` happens; what they were answered, and whether it was done once. */
  async function underLoad(url: string, fault: (more: (requests: number) => Promise<void>) => Promise<void>) {
    const shoppers = await Promise.all(Array.from({ length: SHOPPERS }, () => shopperAt(url)));
    const failed: string[] = [];
    const done = shoppers.map(() => ({ keyed: 0, bare: 0, keyedUnsure: 0, bareUnsure: 0 }));
    let answered = 0;
    let stopped = false;
    const shopping = shoppers.map(async (shopper, i) => {
      for (let step = 0; !stopped; step++) {
        const kind = Object.keys(KINDS)[step % 4] as Kind;
        const outcome = await KINDS[kind](shopper, `${i}-${step}`).then(
          ({ status }) => String(status),
          (error: Error) => error.name,
        );
        if (outcome === "200") answered++;
        else if (!BUSY.has(outcome)) failed.push(`${kind}: ${outcome}`);
        if (kind === "POST with a key") done[i]![outcome === "200" ? "keyed" : "keyedUnsure"]++;
        if (kind === "POST without a key") done[i]![outcome === "200" ? "bare" : "bareUnsure"]++;
        await delay(5);
      }
    });
    const more = async (requests: number) => {
      const goal = answered + requests;
      await eventually(`${requests} more are answered`, () => answered >= goal, { timeoutMs: 180_000 });
    };
    await more(200);
    await fault(more);
    await more(200);
    stopped = true;
    await Promise.all(shopping);
    for (const [i, shopper] of shoppers.entries()) {
      const { items } = (await shopper.cart()).body as { items: { productId: string; quantity: number }[] };
      const held = (id: string) => items.find(({ productId }) => productId === id)?.quantity ?? 0;
      const { keyed, bare, keyedUnsure, bareUnsure } = done[i]!;
      expect(held("stove-ember"), "adds with a key, once each").to.be.within(keyed, keyed + keyedUnsure);
      expect(held("mug-steel"), "no add was done twice").to.be.within(bare, bare + bareUnsure);
    }
    return failed;
  }

  it("gateways behind one address that are restarted one by one: nothing", async () => {
    const failed = await underLoad(balancer.url, async (more) => {
      for (const gateway of gateways) {
        await gateway.kill("SIGTERM");
        await more(100);
        await gateway.start();
        await more(100);
      }
    });
    expect(failed).to.deep.equal([]);
  });

  it("carts that are restarted one by one: nothing", async () => {
    const failed = await underLoad(gateways[0]!.url, async (more) => {
      for (const cart of carts) {
        await cart.kill("SIGTERM");
        await more(100);
        await cart.start();
        await more(100);
      }
    });
    expect(failed).to.deep.equal([]);
  });

  it("a cart killed -9: that changes without a key which it was about may have failed, and nothing else", async () => {
    const kills = 2;
    const failed = await underLoad(gateways[0]!.url, async (more) => {
      for (const cart of carts.slice(0, kills)) {
        await cart.kill("SIGKILL");
        await more(200);
        await cart.start();
        await more(200);
      }
    });
    expect(failed.filter((each) => each !== "POST without a key: 502")).to.deep.equal([]);
    expect(failed.length, "those under way when it died").to.be.at.most(kills * SHOPPERS);
  });
});
