import { randomUUID } from "node:crypto";
import { join } from "node:path";
import { expect } from "chai";
import { createInternalTokenSigner, IDENTITY_HEADER } from "../platform/identity/internal-token.ts";
import { fixedKeyRing } from "../platform/identity/key-ring.ts";
import { eventually as eventuallyWithin } from "../testkit/eventually.ts";
import { type Platform, type Running, startPlatform, startProcess } from "../testkit/processes/platform.ts";
import { ask, chosenDialect, type DatabaseServer } from "../testkit/servers/database.ts";
import { logDir, testDatabase, testRabbit, testRedis } from "../testkit/servers/test-servers.ts";
import { request } from "../testkit/shopper.ts";
import { openGate, type TcpGate } from "../testkit/tcp-gate.ts";
import { expectProblem } from "./expect-problem.ts";

/*
 * A cart process is held at one step of a checkout by the gates between it and its servers, and killed -9
 * there. Beside it is another one without gates, by which the shopper goes on, and two relays that sweep.
 */

const MUG = "mug-steel";

/** What a killed process leaves are new sessions, whose first statements take seconds on Babelfish; in ms. */
const PATIENCE =
  chosenDialect() === "sqlserver"
    ? { store: 20_000, eventually: 90_000, test: 300_000 }
    : { store: 1_000, eventually: 15_000, test: 120_000 };

const eventually = <T>(what: string, look: () => T | Promise<T>) =>
  eventuallyWithin(what, look, { timeoutMs: PATIENCE.eventually });

describe("A checkout", function () {
  this.timeout(PATIENCE.test);
  let platform: Platform;
  let database: DatabaseServer;
  let gated: Running;
  let toRedis: TcpGate;
  let toDatabase: TcpGate;
  let toCatalog: TcpGate;
  let atCatalog: () => void = () => {};
  /** What the test does when the order's transaction is being committed, and at what follows on the wire. */
  let atCommit: Partial<Record<"sent" | "answered" | "next", () => void>> = {};
  let wire: "before" | "sent" | "answered" = "before";
  let owner = "";

  before(async () => {
    const [redis, rabbit] = await Promise.all([testRedis(), testRabbit()]);
    database = await testDatabase();
    const settings = {
      SWEEP_INTERVAL_MS: "100",
      SWEEP_AGE_MS: "300",
      REDIS_TIMEOUT_MS: "500",
      ORDER_STORE_TIMEOUT_MS: String(PATIENCE.store),
    };
    platform = await startPlatform({ redisUrl: redis.url, database, rabbit, relays: 2, settings });
    const gateBefore = async (url: string, watch?: Parameters<typeof openGate>[1]) => {
      const target = new URL(url);
      const gate = await openGate({ host: target.hostname, port: Number(target.port) }, watch);
      target.port = String(gate.port);
      return { gate, url: target.href.replace(/\/$/, "") };
    };
    const [first, second, third] = await Promise.all([
      gateBefore(redis.url),
      gateBefore(database.appUrl, watch),
      gateBefore(platform.catalog.url, (from, packet) => {
        if (from === "client" && packet.includes("/products?ids=")) atCatalog();
      }),
    ]);
    [toRedis, toDatabase, toCatalog] = [first.gate, second.gate, third.gate];
    const surroundings = { ...platform.surroundings, redisUrl: first.url, databaseUrl: second.url };
    const urls = { cart: "", catalog: third.url };
    const patient = { ...settings, CATALOG_TIMEOUT_MS: "30000" };
    gated = await startProcess("cart", surroundings, urls, patient, join(logDir("gated"), "cart.log"));
  });
  after(async () => {
    await gated?.kill("SIGKILL");
    await Promise.all([toRedis, toDatabase, toCatalog].map((gate) => gate?.close()));
    await platform?.stop();
  });
  beforeEach(() => {
    owner = `user:crash-${randomUUID()}`;
    [atCommit, atCatalog, wire] = [{}, () => {}, "before"];
  });

  function watch(from: "client" | "server", packet: Buffer): void {
    const step = stepOf(from, packet);
    if (step === null) return;
    if (step !== "next") wire = step;
    atCommit[step]?.();
  }

  function stepOf(from: "client" | "server", packet: Buffer): "sent" | "answered" | "next" | null {
    if (from === "server") return wire === "sent" ? "answered" : null;
    if (isCommit(packet)) return "sent";
    return wire === "answered" ? "next" : null;
  }

  async function call(to: Running, method: string, path: string, body?: unknown, key?: string) {
    const keys = fixedKeyRing(platform.surroundings.internalTokenSecret);
    const token = await createInternalTokenSigner({ keys, audience: "cartwright-cart" }).sign({
      owner,
      kind: "user",
    });
    const headers = { [IDENTITY_HEADER]: token, ...(key !== undefined && { "idempotency-key": key }) };
    return request(to.url, method, path, { body, headers });
  }
  const other = () => platform.carts[0]!;
  const add = (quantity: number) =>
    call(other(), "POST", "/cart/items", { productId: MUG, quantity }).then(({ status }) =>
      expect(status).to.equal(200),
    );
  const agreed = async () => ({ items: (await call(other(), "GET", "/cart")).body.items });
  const held = async () => (await call(other(), "GET", "/cart")).body.items[0]?.quantity ?? 0;
  const orders = async () => (await call(other(), "GET", "/orders")).body.items as { id: string }[];

  /** Orders of this owner that events tell of, and those that there are: the same, or something is lost. */
  async function expectOrders(count: number): Promise<void> {
    const sql = "SELECT payload FROM outbox_event WHERE type = 'order.placed'";
    const told = (await ask<{ payload: string }>(database.url, sql))
      .map(({ payload }) => JSON.parse(payload) as { owner: string; orderId: string })
      .filter((event) => event.owner === owner)
      .map((event) => event.orderId);
    expect(told).to.have.members((await orders()).map(({ id }) => id));
    expect(told).to.have.length(count);
  }

  /** Cuts what a killed process has left held, and starts it again. */
  async function killGated(): Promise<void> {
    await gated.kill("SIGKILL");
    for (const gate of [toDatabase, toRedis, toCatalog]) {
      gate.shut();
      gate.thaw();
    }
    // The server must notice before its locks are asked for again.
    [atCommit, atCatalog] = [{}, () => {}];
    for (const gate of [toDatabase, toRedis, toCatalog]) gate.open();
    await gated.start();
  }

  const steps: {
    readonly at: string;
    /** Arms the gates; `reached` is to be called when the step is. */
    readonly hold: (reached: () => void) => void;
    readonly ordered: boolean;
  }[] = [
    {
      at: "with everything written and nothing committed",
      hold: (reached) => {
        atCommit.sent = () => {
          toDatabase.freeze();
          reached();
        };
      },
      ordered: false,
    },
    {
      at: "when the order is committed and it does not know",
      hold: (reached) => {
        atCommit.answered = () => {
          toDatabase.freeze();
          reached();
        };
      },
      ordered: true,
    },
    {
      at: "between the order and the cart",
      hold: (reached) => {
        atCommit.sent = () => toRedis.freeze();
        atCommit.answered = reached;
      },
      ordered: true,
    },
    {
      at: "when the cart is reduced and the order is not marked so",
      hold: (reached) => {
        atCommit.next = () => {
          toDatabase.freeze();
          reached();
        };
      },
      ordered: true,
    },
  ];

  for (const { at, hold, ordered } of steps)
    for (const repeats of [true, false])
      it(`killed ${at} ends in one order and a cart reduced once, ${
        repeats ? "when it is repeated" : "though nobody comes back"
      }`, async () => {
        await add(2);
        const body = await agreed();
        const reached = Promise.withResolvers<void>();
        hold(reached.resolve);
        const killed = call(gated, "POST", "/cart/checkout", body, "the-key").catch((error: Error) => error);
        await reached.promise;
        await add(1);
        await killGated();
        await killed;
        if (repeats) {
          const answer = await eventually("the repeat is through", async () => {
            const repeat = await call(other(), "POST", "/cart/checkout", body, "the-key");
            // Without an order the shopper is told what has come into the cart since.
            return repeat.body.code === "CHECKOUT_IN_PROGRESS" ? null : repeat;
          });
          if (ordered) expect([answer.status, answer.body.order.items[0].quantity]).to.deep.equal([201, 2]);
          else expectProblem(answer, 409, "CART_CHANGED");
        }
        await expectOrders(ordered ? 1 : 0);
        await eventually("the cart is reduced", async () => (await held()) === (ordered ? 1 : 3));
        await eventually("the order is marked", async () => (await unsettled()) === 0);
        expect(await held()).to.equal(ordered ? 1 : 3);
        await expectOrders(ordered ? 1 : 0);
      });

  async function unsettled(): Promise<number> {
    const rows = await ask(
      database.url,
      `SELECT order_id FROM orders WHERE owner = '${owner}' AND cart_settled_at IS NULL`,
    );
    return rows.length;
  }

  it("killed while it asks the catalog has done nothing, and is through when it is repeated", async () => {
    await add(2);
    const body = await agreed();
    const reached = Promise.withResolvers<void>();
    atCatalog = () => {
      toCatalog.freeze();
      reached.resolve();
    };
    const killed = call(gated, "POST", "/cart/checkout", body, "k").catch((error: Error) => error);
    await reached.promise;
    expectProblem(
      await call(other(), "POST", "/cart/checkout", body, "another"),
      409,
      "CHECKOUT_IN_PROGRESS",
    );
    await killGated();
    await killed;
    await expectOrders(0);
    const answer = await eventually("the repeat is through", async () => {
      const repeat = await call(other(), "POST", "/cart/checkout", body, "k");
      return repeat.body.code === "CHECKOUT_IN_PROGRESS" ? null : repeat;
    });
    expect(answer.status).to.equal(201);
    await expectOrders(1);
    await eventually("the cart is reduced", async () => (await held()) === 0);
  });

  it("whose database is away is refused, and leaves the cart as it is", async () => {
    await add(2);
    const body = await agreed();
    for (const [trouble, end] of [
      [toDatabase.shut, toDatabase.open],
      [toDatabase.freeze, toDatabase.thaw],
    ] as const) {
      trouble();
      try {
        const answer = await call(gated, "POST", "/cart/checkout", body, "k");
        expectProblem(answer, 503, "ORDER_STORE_UNAVAILABLE");
        expect(answer.headers.get("retry-after")).to.equal("1");
        expectProblem(await call(gated, "GET", "/orders"), 503, "ORDER_STORE_UNAVAILABLE");
      } finally {
        end();
      }
      expect(await held()).to.equal(2);
      await expectOrders(0);
    }
    await eventually("it works again", async () => {
      const { status } = await call(gated, "POST", "/cart/checkout", body, "k");
      return status === 201;
    });
    await expectOrders(1);
  });

  it("whose Redis is lost after the commit stands: the cart is pending, and reduced by a sweep", async () => {
    await add(2);
    const body = await agreed();
    atCommit.sent = () => toRedis.shut();
    const answer = await call(gated, "POST", "/cart/checkout", body, "k");
    expect([answer.status, answer.body.cart]).to.deep.equal([201, "pending"]);
    await eventually("a sweep has reduced it", async () => (await held()) === 0);
    const repeat = await call(gated, "POST", "/cart/checkout", body, "k");
    expect([repeat.status, repeat.body.cart, repeat.body.order]).to.deep.equal([
      201,
      "pending",
      answer.body.order,
    ]);
    toRedis.open();
    await expectOrders(1);
  });
});

/** Whether a packet asks the database to commit a transaction; the driver's own commits are the only ones. */
function isCommit(packet: Buffer): boolean {
  if (chosenDialect() === "postgres") return packet.includes("COMMIT\0");
  // TDS: a transaction manager request (14); after its headers the request's type, 7 for a commit.
  if (packet[0] !== 14 || packet.length < 14) return false;
  const at = 8 + packet.readUInt32LE(8);
  return packet.length >= at + 2 && packet.readUInt16LE(at) === 7;
}
