import { join } from "node:path";
import { createInternalTokenSigner, IDENTITY_HEADER } from "../../platform/identity/internal-token.ts";
import { fixedKeyRing } from "../../platform/identity/key-ring.ts";
import { devSecrets, userToken } from "../../testkit/processes/dev-keys.ts";
import { migrateDatabase, NO_LIMITS, type Running, startProcess } from "../../testkit/processes/platform.ts";
import type { ProcessName, Surroundings } from "../../testkit/processes/processes.ts";
import { logDir, onTeardown, ownDatabase, ownRabbit, ownRedis } from "../../testkit/servers/test-servers.ts";
import { openGate, type TcpGate } from "../../testkit/tcp-gate.ts";
import { NOTICE_MS } from "./check/notices.ts";
import { GRACE_MS } from "./check/sessions.ts";

/** Something that can be killed, frozen and started again: a process of ours or a server. */
export interface Target {
  readonly name: string;
  kill(signal: NodeJS.Signals): Promise<void>;
  signal(signal: NodeJS.Signals): void;
  start(): Promise<void>;
  /** What makes it end in good order, its clients notwithstanding. */
  readonly endsBy: NodeJS.Signals;
}

/**
 * The platform of a chaos run: two of each, every connection between them through a gate of the run's own.
 */
export interface Stage {
  readonly gateways: readonly Running[];
  readonly carts: readonly Running[];
  readonly relays: readonly Running[];
  readonly targets: readonly Target[];
  readonly gates: ReadonlyMap<string, TcpGate>;
  /** Each is told of the packets that come to a gate, by its name, from whoever asks, before they pass. */
  readonly watchers: Set<(gate: string, packet: Buffer) => void>;
  readonly consumerUrl: string;
  /** The catalog itself, past every gate. */
  readonly catalog: { readonly url: string; readonly adminToken: string };
  token(user: string): Promise<string>;
  /** What a request of another service says of itself to a cart. */
  serviceHeaders(): Promise<Record<string, string>>;
}

/** Short leases and lives, so that much happens in a minute. */
const SETTINGS = {
  CART_TTL_SECONDS: "15",
  // The carts of all guests are read at the end, however long the run was.
  ACCESS_TOKEN_TTL_SECONDS: "86400",
  REFRESH_TOKEN_GRACE_SECONDS: String(GRACE_MS / 1_000),
  CART_EXPIRY_GRACE_SECONDS: "3600",
  CART_EXPIRING_NOTICE_SECONDS: String(NOTICE_MS / 1_000),
  SWEEP_AGE_MS: "500",
  SWEEP_INTERVAL_MS: "200",
};

/** Longer than a relay that has just started takes to renew it: on Babelfish, seconds. */
const LEASE_MS = { postgres: "2000", sqlserver: "10000" };

/** Starts servers, gates and processes; all of it ends with the run. */
export async function openStage(): Promise<Stage> {
  const [redis, database, rabbit] = await Promise.all([ownRedis(), ownDatabase(), ownRabbit()]);
  await rabbit.persist();
  await migrateDatabase(database);
  const settings = { ...NO_LIMITS, ...SETTINGS, RELAY_LEASE_MS: LEASE_MS[database.dialect] };
  const dir = logDir("chaos");
  const secrets = await devSecrets(dir);
  const signer = createInternalTokenSigner({
    keys: fixedKeyRing(secrets.internalTokenSecret),
    audience: "cartwright-cart",
  });
  const gates = new Map<string, TcpGate>();
  const watchers: Stage["watchers"] = new Set();
  /** The URL by which `who` reaches what is at `url`: through a gate of its own. */
  const through = async (who: string, what: string, url: string) => {
    const target = new URL(url);
    const name = `${who} to ${what}`;
    const gate = await openGate({ host: target.hostname, port: Number(target.port) }, (from, packet) => {
      if (from === "client") for (const watch of watchers) watch(name, packet);
    });
    onTeardown(() => gate.close());
    gates.set(name, gate);
    target.port = String(gate.port);
    return target.href.replace(/\/$/, "");
  };
  const start = async (
    name: ProcessName,
    who: string,
    urls: { cart: string; catalog: string },
  ): Promise<Running> => {
    const surroundings: Surroundings = {
      redisUrl: await through(who, "redis", redis.url),
      databaseUrl: await through(who, "database", database.appUrl),
      amqpUrl: await through(who, "rabbitmq", rabbit.relayUrl),
      ...secrets,
    };
    const running = await startProcess(name, surroundings, urls, settings, join(dir, `${who}.log`));
    onTeardown(() => running.kill("SIGTERM"));
    return running;
  };
  const none = { cart: "", catalog: "" };
  const catalog = await start("catalog-stub", "catalog", none);
  const cart = async (who: string) =>
    start("cart", who, { cart: "", catalog: await through(who, "catalog", catalog.url) });
  const carts = await Promise.all(["cart-1", "cart-2"].map(cart));
  const relays = await Promise.all(["relay-1", "relay-2"].map((who) => start("outbox-relay", who, none)));
  const gateways = await Promise.all(
    carts.map(async ({ url }, index) => {
      const who = `gateway-${index + 1}`;
      return start("gateway", who, {
        cart: await through(who, "cart", url),
        catalog: await through(who, "catalog", catalog.url),
      });
    }),
  );
  const named = (
    name: string,
    server: Omit<Target, "name" | "endsBy"> & Partial<Pick<Target, "endsBy">>,
  ): Target => ({
    name,
    kill: (signal) => server.kill(signal),
    signal: (signal) => server.signal(signal),
    start: () => server.start(),
    endsBy: server.endsBy ?? "SIGTERM",
  });
  // What a process does not use has a gate nobody goes through.
  const used =
    /^(cart-\d to (redis|database|catalog)|relay-\d to (redis|database|rabbitmq)|gateway-\d to (redis|cart|catalog))$/;
  for (const name of gates.keys()) if (!used.test(name)) gates.delete(name);
  return {
    gateways,
    carts,
    relays,
    targets: [
      ...gateways.map((each) => named("gateway", each)),
      ...carts.map((each) => named("cart", each)),
      ...relays.map((each) => named("relay", each)),
      named("catalog", catalog),
      named("redis", redis),
      named("database", database),
      named("rabbitmq", rabbit),
    ],
    gates,
    watchers,
    consumerUrl: rabbit.consumerUrl,
    catalog: { url: catalog.url, adminToken: secrets.catalogAdminToken },
    token: (user) => userToken(dir, user),
    serviceHeaders: async () => ({
      [IDENTITY_HEADER]: await signer.sign({ owner: "service:payments", kind: "service" }),
    }),
  };
}
