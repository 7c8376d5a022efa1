import { randomUUID } from "node:crypto";
import { expect } from "chai";
import { Redis } from "ioredis";
import { shardKeys } from "../cart/store/keys.ts";
import { DEADLINE_HEADER } from "../platform/http/deadline.ts";
import type { OpenApiDocument } from "../platform/http/openapi.ts";
import type { Identity } from "../platform/identity/identity.ts";
import { createInternalTokenSigner, IDENTITY_HEADER } from "../platform/identity/internal-token.ts";
import { fixedKeyRing } from "../platform/identity/key-ring.ts";
import { shardOf } from "../platform/identity/shard-of.ts";
import { eventually } from "../testkit/eventually.ts";
import { expectDescribedAnswer } from "../testkit/openapi.ts";
import { type Platform, startPlatform } from "../testkit/processes/platform.ts";
import type { RedisServer } from "../testkit/servers/redis.ts";
import { ownRedis, testDatabase, testRabbit } from "../testkit/servers/test-servers.ts";
import { type Answer, request, type Shopper, shopperAt } from "../testkit/shopper.ts";
import { expectProblem } from "./expect-problem.ts";

const SHARDS = 64;
const eur = (amount: number) => ({ amount, currency: "EUR" });

/** Longer than a look-up of the catalog may wait for its owner's others, when it waits for two of them. */
const SLOW_MS = 2_500;

describe("A checkout or a merge that cannot be done, from outside", function () {
  this.timeout(180_000);
  let server: RedisServer;
  let redis: Redis;
  let platform: Platform;
  let document: OpenApiDocument;
  let shopper: Shopper;
  let token = "";
  let owner = "";
  let products: string[] = [];

  before(async () => {
    const [database, rabbit] = await Promise.all([testDatabase(), testRabbit()]);
    server = await ownRedis();
    redis = new Redis(server.url);
    redis.on("error", () => {});
    const settings = {
      CART_MAX_QUANTITY: "1000000",
      CATALOG_TIMEOUT_MS: "4000",
      CATALOG_CACHE_TTL_MS: "0",
      REDIS_TIMEOUT_MS: "500",
    };
    platform = await startPlatform({ redisUrl: server.url, database, rabbit, settings, gateways: 1 });
    document = (await request(platform.gatewayUrl, "GET", "/api/openapi.json")).body;
  });
  after(async () => {
    redis?.disconnect();
    await platform?.stop();
  });
  beforeEach(async () => {
    const session = (await request(platform.gatewayUrl, "POST", "/api/session")).body;
    [token, owner] = [session.accessToken, `guest:${session.guestId}`];
    shopper = await shopperAt(platform.gatewayUrl, token);
    products = Array.from({ length: 20 }, () => `p-${randomUUID()}`);
    for (const id of products) {
      const body = { name: "A product", price: eur(1_000_000_000), stock: 1_000_000_000 };
      expect((await admin("PUT", `/products/${id}`, body)).status).to.equal(200);
    }
  });
  afterEach(() => admin("DELETE", "/faults"));

  const admin = (method: string, path: string, body?: unknown) =>
    request(platform.catalog.url, method, `/admin${path}`, {
      body,
      headers: { authorization: `Bearer ${platform.surroundings.catalogAdminToken}` },
    });
  const fill = async (quantity: number, lines = 1) => {
    for (const id of products.slice(0, lines)) expect((await shopper.add(id, quantity)).status).to.equal(200);
  };
  const seen = async () => ({ items: (await shopper.cart()).body.items });
  const checkout = (body: unknown, key = randomUUID()) =>
    shopper.call("POST", "/api/cart/checkout", { body, headers: { "idempotency-key": key } });
  const claimOf = (of: string) => shardKeys.claim(shardOf(of, SHARDS), of);

  function expectRefused(answer: Answer, status: number, code: string, retryAfter: string | null): void {
    expectProblem(answer, status, code);
    expectDescribedAnswer(document, "/api/cart/checkout", "POST", answer);
    expect(answer.headers.get("retry-after")).to.equal(retryAfter);
  }
  async function expectNothingDone(agreed: unknown): Promise<void> {
    expect(await seen()).to.deep.equal(agreed);
    // A database that has just been started may need more than a checkout waits for its first session.
    const orders = await eventually("the orders are read", async () => {
      const { status, body } = await shopper.call("GET", "/api/orders");
      return status === 200 && body.items;
    });
    expect(orders).to.deep.equal([]);
  }
  /** Nothing stays behind that keeps the shopper from ordering. */
  async function expectToGoThrough(agreed: unknown): Promise<void> {
    const answer = await checkout(agreed);
    expect([answer.status, answer.body.code]).to.deep.equal([201, undefined]);
  }

  it("is ORDER_TOO_LARGE where the total cannot be charged exactly", async () => {
    await fill(1_000_000, 10);
    const shown = await seen();
    // The view leaves out the price that would lead too far; a client may know it all the same.
    expect(shown.items[9].unitPrice).to.equal(null);
    const items = shown.items.map((line: object) => ({ ...line, unitPrice: eur(1_000_000_000) }));
    expectRefused(await checkout({ items }), 409, "ORDER_TOO_LARGE", null);
    await expectNothingDone(shown);
    await shopper.call("DELETE", `/api/cart/items/${products[9]}`);
    await expectToGoThrough(await seen());
  });

  it("is CATALOG_UNAVAILABLE while the catalog fails", async () => {
    await fill(1);
    const agreed = await seen();
    await admin("PUT", "/faults", { failRate: 1 });
    const answer = await checkout(agreed);
    expectRefused(answer, 503, "CATALOG_UNAVAILABLE", answer.headers.get("retry-after"));
    expect(Number(answer.headers.get("retry-after"))).to.be.within(1, 60);
    await admin("DELETE", "/faults");
    await eventually("the catalog is asked again", async () => (await seen()).items[0].name !== null);
    await eventually("it goes through", async () => (await checkout(agreed)).status === 201);
  });

  it("is RATE_LIMITED while too many of the owner's look-ups wait for the catalog", async () => {
    await fill(1);
    const agreed = await seen();
    await admin("PUT", "/faults", { delayMs: SLOW_MS });
    const others = products.slice(1).map((id) => shopper.add(id, 1));
    const answer = await checkout(agreed);
    expectRefused(answer, 429, "RATE_LIMITED", answer.headers.get("retry-after"));
    expect(Number(answer.headers.get("retry-after"))).to.be.at.least(1);
    await Promise.all(others);
    await admin("DELETE", "/faults");
    // A database that has just been started may need more than a checkout waits for its first session.
    const orders = await eventually("the orders are read", async () => {
      const { status, body } = await shopper.call("GET", "/api/orders");
      return status === 200 && body.items;
    });
    expect(orders).to.deep.equal([]);
    await expectToGoThrough(await seen());
  });

  it("is CART_STORE_FULL while Redis has no room for its claim", async () => {
    await fill(1);
    const agreed = await seen();
    await redis.config("SET", "maxmemory", "1");
    try {
      expectRefused(await checkout(agreed), 503, "CART_STORE_FULL", "30");
    } finally {
      await redis.config("SET", "maxmemory", "0");
    }
    await expectNothingDone(agreed);
    await expectToGoThrough(agreed);
  });

  it("is CART_STORE_UNAVAILABLE while Redis is away", async () => {
    await fill(1);
    const agreed = await seen();
    await server.kill("SIGTERM");
    try {
      expectRefused(await checkout(agreed), 503, "CART_STORE_UNAVAILABLE", "1");
    } finally {
      await server.start();
    }
    await eventually("Redis is back", async () => (await shopper.cart()).status === 200);
    await expectNothingDone(agreed);
    await expectToGoThrough(agreed);
  });

  it("is CART_STORE_UNAVAILABLE, and says that a repeat does not help, where the cart is none", async () => {
    await fill(1);
    const agreed = await seen();
    const cart = shardKeys.cart(shardOf(owner, SHARDS), owner);
    await redis.multi().rename(cart, `${cart}:kept`).set(cart, "corrupt").exec();
    const answer = await checkout(agreed);
    expectRefused(answer, 503, "CART_STORE_UNAVAILABLE", null);
    expect(answer.body.detail).to.include("a repeat will not help");
    expect(await redis.exists(claimOf(owner)), "no claim").to.equal(0);
    await redis.rename(`${cart}:kept`, cart);
    await expectNothingDone(agreed);
    await expectToGoThrough(agreed);
  });

  describe("after its deadline", () => {
    /** A call of the cart by who gives up while the catalog is asked. */
    async function hurried(identity: Identity, path: string, body: unknown): Promise<Answer> {
      const keys = fixedKeyRing(platform.surroundings.internalTokenSecret);
      const signer = createInternalTokenSigner({ keys, audience: "cartwright-cart" });
      const late = await lateAtTheDoor();
      await admin("PUT", "/faults", { delayMs: SLOW_MS });
      const answer = await request(platform.carts[0]!.url, "POST", path, {
        body,
        headers: {
          [IDENTITY_HEADER]: await signer.sign(identity),
          [DEADLINE_HEADER]: String(Date.now() + SLOW_MS - 500),
          "idempotency-key": randomUUID(),
        },
      });
      await admin("DELETE", "/faults");
      expect(await lateAtTheDoor(), "it came in time").to.equal(late);
      return answer;
    }
    async function lateAtTheDoor(): Promise<string | undefined> {
      const text = await (await fetch(`${platform.carts[0]!.adminUrl}/metrics`)).text();
      return /^http_requests_late_total\S* (\d+)$/m.exec(text)?.[1];
    }

    it("a checkout is DEADLINE_PASSED, and orders nothing", async () => {
      await fill(1);
      const agreed = await seen();
      expectRefused(
        await hurried({ owner, kind: "guest" }, "/cart/checkout", agreed),
        503,
        "DEADLINE_PASSED",
        "1",
      );
      await expectNothingDone(agreed);
      await expectToGoThrough(agreed);
    });

    it("a merge is DEADLINE_PASSED, and takes nothing", async () => {
      await fill(1);
      const agreed = await seen();
      const user = `hurried-${randomUUID()}`;
      const wish = { guestToken: token };
      const answer = await hurried(
        { owner: `user:${user}`, kind: "user", guest: owner },
        "/cart/merge",
        wish,
      );
      expectProblem(answer, 503, "DEADLINE_PASSED");
      expectDescribedAnswer(document, "/api/cart/merge", "POST", answer);
      expect(answer.headers.get("retry-after")).to.equal("1");
      await expectNothingDone(agreed);
      const signedIn = await shopperAt(platform.gatewayUrl, await platform.token(user));
      expect((await signedIn.cart()).body.items).to.deep.equal([]);
      const merged = await signedIn.call("POST", "/api/cart/merge", { body: wish });
      expect([merged.status, merged.body.cart.items]).to.deep.equal([200, agreed.items]);
    });
  });
});
