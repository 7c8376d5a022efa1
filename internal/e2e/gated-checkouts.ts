import { randomUUID } from "node:crypto";
import { join } from "node:path";
import { expect } from "chai";
import { type Identity, identityOf } from "../platform/identity/identity.ts";
import { createInternalTokenSigner, IDENTITY_HEADER } from "../platform/identity/internal-token.ts";
import { fixedKeyRing } from "../platform/identity/key-ring.ts";
import { eventually as eventuallyWithin } from "../testkit/eventually.ts";
import { type Running, startPlatform, startProcess } from "../testkit/processes/platform.ts";
import { ask, chosenDialect } from "../testkit/servers/database.ts";
import { logDir, testDatabase, testRabbit, testRedis } from "../testkit/servers/test-servers.ts";
import { request } from "../testkit/shopper.ts";
import { openGate } from "../testkit/tcp-gate.ts";

/** What a killed process leaves are new sessions, whose first statements take seconds on Babelfish; in ms. */
export const PATIENCE =
  chosenDialect() === "sqlserver"
    ? { store: 20_000, eventually: 90_000, test: 300_000 }
    : { store: 1_000, eventually: 15_000, test: 120_000 };

export const eventually = <T>(what: string, look: () => T | Promise<T>) =>
  eventuallyWithin(what, look, { timeoutMs: PATIENCE.eventually });

export const MUG = "mug-steel";

/** Steps of the commit of an order, as the wire to the database shows them. */
type Step = "sent" | "answered" | "next";

/**
 * A cart process that is held at one step of a checkout by the gates between it and its servers. Beside it is
 * another one without gates, by which the shopper goes on, and two relays that sweep.
 */
export async function openGatedCheckouts() {
  const [redis, rabbit, database] = await Promise.all([testRedis(), testRabbit(), testDatabase()]);
  const settings = {
    SWEEP_INTERVAL_MS: "100",
    SWEEP_AGE_MS: "300",
    REDIS_TIMEOUT_MS: "500",
    ORDER_STORE_TIMEOUT_MS: String(PATIENCE.store),
  };
  const platform = await startPlatform({ redisUrl: redis.url, database, rabbit, relays: 2, settings });
  const [other] = platform.carts as readonly [Running];

  let owner = "";
  /** What the test does when a checkout comes to a step. */
  const at: Partial<Record<Step | "asked", () => void>> = {};
  let wire: "before" | "sent" | "answered" = "before";

  function forget(): void {
    for (const step of Object.keys(at) as (keyof typeof at)[]) delete at[step];
  }
  function stepOf(from: "client" | "server", packet: Buffer): Step | null {
    if (from === "server") return wire === "sent" ? "answered" : null;
    if (isCommit(packet)) return "sent";
    return wire === "answered" ? "next" : null;
  }
  function watch(from: "client" | "server", packet: Buffer): void {
    const step = stepOf(from, packet);
    if (step === null) return;
    if (step !== "next") wire = step;
    at[step]?.();
  }

  const [redisGate, databaseGate, catalogGate] = await Promise.all([
    gateBefore(redis.url),
    gateBefore(database.appUrl, watch),
    gateBefore(platform.catalog.url, (from, packet) => {
      if (from === "client" && packet.includes("/products?ids=")) at.asked?.();
    }),
  ]);
  const [toRedis, toDatabase, toCatalog] = [redisGate.gate, databaseGate.gate, catalogGate.gate];
  const gates = [toDatabase, toRedis, toCatalog];
  const surroundings = { ...platform.surroundings, redisUrl: redisGate.url, databaseUrl: databaseGate.url };
  const urls = { cart: "", catalog: catalogGate.url };
  const patient = { ...settings, CATALOG_TIMEOUT_MS: "30000" };
  const gated = await startProcess("cart", surroundings, urls, patient, join(logDir("gated"), "cart.log"));
  const signer = createInternalTokenSigner({
    keys: fixedKeyRing(platform.surroundings.internalTokenSecret),
    audience: "cartwright-cart",
  });

  async function callAs(
    identity: Identity,
    to: Running,
    method: string,
    path: string,
    body?: unknown,
    key?: string,
  ) {
    const headers = {
      [IDENTITY_HEADER]: await signer.sign(identity),
      ...(key !== undefined && { "idempotency-key": key }),
    };
    return request(to.url, method, path, { body, headers });
  }
  const call = (to: Running, method: string, path: string, body?: unknown, key?: string) =>
    callAs(identityOf(owner)!, to, method, path, body, key);
  const heldBy = async (whose: string): Promise<number> =>
    (await callAs(identityOf(whose)!, other, "GET", "/cart")).body.items[0]?.quantity ?? 0;
  const orders = async () => (await call(other, "GET", "/orders")).body.items as { id: string }[];

  return {
    redisUrl: redis.url,
    gated,
    other,
    toRedis,
    toDatabase,
    toCatalog,
    call,
    callAs,
    heldBy,
    orders,
    at,
    /** A shopper that nobody has seen goes on from here. */
    newOwner: (kind: "user" | "guest") => {
      owner = `${kind}:crash-${randomUUID()}`;
      wire = "before";
      forget();
      return owner;
    },
    /** As a user who holds the guest's token; the gateway has read it, and says whose it is. */
    merge: (user: string, guest: string) =>
      callAs({ owner: user, kind: "user", guest }, other, "POST", "/cart/merge", { guestToken: "read" }),
    add: async (quantity: number) => {
      const { status } = await call(other, "POST", "/cart/items", { productId: MUG, quantity });
      expect(status).to.equal(200);
    },
    agreed: async () => ({ items: (await call(other, "GET", "/cart")).body.items }),
    held: () => heldBy(owner),
    /** Orders of this owner that events tell of, and those that there are: the same, or something is lost. */
    expectOrders: async (count: number) => {
      const sql = "SELECT payload FROM outbox_event WHERE type = 'order.placed'";
      const told = (await ask<{ payload: string }>(database.url, sql))
        .map(({ payload }) => JSON.parse(payload) as { owner: string; orderId: string })
        .filter((event) => event.owner === owner)
        .map((event) => event.orderId);
      expect(told).to.have.members((await orders()).map(({ id }) => id));
      expect(told).to.have.length(count);
    },
    /** The types of the events that tell of an order. */
    eventsOf: async (orderId: string) => {
      const sql = `SELECT type FROM outbox_event WHERE subject = '${orderId}' ORDER BY version`;
      return (await ask<{ type: string }>(database.url, sql)).map(({ type }) => type);
    },
    /** How many of this owner's orders are not marked as taken out of their cart. */
    unsettled: async () => {
      const sql = `SELECT order_id FROM orders WHERE owner = '${owner}' AND cart_settled_at IS NULL`;
      return (await ask(database.url, sql)).length;
    },
    /** Cuts what a killed process has left held, and starts it again. */
    killGated: async () => {
      await gated.kill("SIGKILL");
      for (const gate of gates) {
        gate.shut();
        gate.thaw();
      }
      // The server must notice before its locks are asked for again.
      forget();
      for (const gate of gates) gate.open();
      await gated.start();
    },
    close: async () => {
      await gated.kill("SIGKILL");
      await Promise.all(gates.map((gate) => gate.close()));
      await platform.stop();
    },
  };
}

/** A gate before a server, and the server's address through it. */
async function gateBefore(url: string, watch?: Parameters<typeof openGate>[1]) {
  const target = new URL(url);
  const gate = await openGate({ host: target.hostname, port: Number(target.port) }, watch);
  target.port = String(gate.port);
  return { gate, url: target.href.replace(/\/$/, "") };
}

/** Whether a packet asks the database to commit a transaction; the driver's own commits are the only ones. */
function isCommit(packet: Buffer): boolean {
  if (chosenDialect() === "postgres") return packet.includes("COMMIT\0");
  // TDS: a transaction manager request (14); after its headers the request's type, 7 for a commit.
  if (packet[0] !== 14 || packet.length < 14) return false;
  const at = 8 + packet.readUInt32LE(8);
  return packet.length >= at + 2 && packet.readUInt16LE(at) === 7;
}
