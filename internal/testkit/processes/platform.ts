import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import { watch } from "../guard.ts";
import { endProcess, NOT_STARTED, type ProcessId, send, spawnLogged, waitUntil } from "../servers/child.ts";
import type { DatabaseServer } from "../servers/database.ts";
import { freePort } from "../servers/free-port.ts";
import type { RabbitServer } from "../servers/rabbitmq.ts";
import { logDir, onTeardown } from "../servers/test-servers.ts";
import { startTcpBalancer } from "../tcp-balancer.ts";
import { devSecrets, userToken } from "./dev-keys.ts";
import { environmentOf, mainOf, nodeArguments, type ProcessName, type Surroundings } from "./processes.ts";

/** One process of ours, started from its main file. */
export interface Running {
  readonly name: ProcessName;
  readonly url: string;
  readonly adminUrl: string;
  readonly pid: number;
  readonly logFile: string;
  kill(signal: NodeJS.Signals): Promise<void>;
  signal(signal: NodeJS.Signals): void;
  /** Starts it again with the same settings. */
  start(): Promise<void>;
}

/** A platform of real processes on real servers, for black-box tests. */
export interface Platform {
  /** One address of all gateways, which take its connections in turn. */
  readonly gatewayUrl: string;
  readonly gateways: readonly Running[];
  readonly catalog: Running;
  readonly carts: readonly Running[];
  readonly relays: readonly Running[];
  readonly surroundings: Surroundings;
  /** A token for a named user. */
  token(user: string): Promise<string>;
  stop(): Promise<void>;
}

/** For a gateway under a load that no limit shall refuse. */
export const NO_LIMITS = { RATE_LIMIT_OWNER: "off", RATE_LIMIT_ADDRESS: "off", RATE_LIMIT_SESSION: "off" };

/** Applies the migrations to a server's database, as `make up` does. */
export async function migrateDatabase(server: Pick<DatabaseServer, "url" | "appRole">): Promise<void> {
  const { url, appRole } = server;
  // Not synchronously: a gate of this process may lie between migrate and the database.
  await promisify(execFile)(process.execPath, [mainOf("migrate")], {
    env: {
      PATH: process.env.PATH,
      DATABASE_URL: url,
      ...(appRole !== null && { DATABASE_APP_ROLE: appRole }),
    },
  });
}

/**
 * Starts migrate, catalog, cart(s), relay(s) and two gateways behind one address; `settings` is extra
 * environment and `nodeFlags` are flags of Node for all of them. The gateways limit no requests, unless they
 * have their `defaultLimits`.
 */
export async function startPlatform(options: {
  redisUrl: string;
  database: DatabaseServer;
  rabbit: RabbitServer;
  settings?: NodeJS.ProcessEnv;
  defaultLimits?: boolean;
  /** Two, unless told otherwise: with one, a black-box test would not see what each remembers alone. */
  gateways?: number;
  relays?: number;
  /** See {@link Surroundings}. */
  keysDir?: string;
  nodeFlags?: readonly string[];
}): Promise<Platform> {
  const { redisUrl, database, rabbit, relays = 1, keysDir, nodeFlags = [] } = options;
  const settings = { ...(options.defaultLimits !== true && NO_LIMITS), ...options.settings };
  await migrateDatabase(database);
  const dir = logDir("platform");
  const surroundings: Surroundings = {
    redisUrl,
    databaseUrl: database.appUrl,
    amqpUrl: rabbit.relayUrl,
    ...(await devSecrets(dir)),
    ...(keysDir !== undefined && { keysDir }),
  };
  const running: Running[] = [];
  let balancer: Awaited<ReturnType<typeof startTcpBalancer>> | undefined;
  const stop = async () => {
    await Promise.all(running.map((each) => each.kill("SIGTERM")));
    await balancer?.stop();
    balancer = undefined;
  };
  onTeardown(stop);

  const none = { cart: "", catalog: "" };
  let begun = 0;
  const start = async (name: ProcessName, urls: { cart: string; catalog: string }) => {
    const started = await startProcess(
      name,
      surroundings,
      urls,
      settings,
      join(dir, `${name}-${begun++}.log`),
      nodeFlags,
    );
    running.push(started);
    return started;
  };
  const catalog = await start("catalog-stub", none);
  const cart = await start("cart", { ...none, catalog: catalog.url });
  const urls = { cart: cart.url, catalog: catalog.url };
  const [gateways, started] = await Promise.all([
    Promise.all(Array.from({ length: options.gateways ?? 2 }, () => start("gateway", urls))),
    Promise.all(Array.from({ length: relays }, () => start("outbox-relay", none))),
  ]);
  balancer = await startTcpBalancer(gateways);
  return {
    gatewayUrl: balancer.url,
    gateways,
    catalog,
    carts: [cart],
    relays: started,
    surroundings,
    token: (user) => userToken(dir, user),
    stop,
  };
}

/**
 * Spawns a process of ours and waits until it says that it is ready, two minutes at most unless told;
 * `onSpawn` is told of it before it can fail.
 */
export async function spawnReady(
  name: ProcessName,
  options: {
    env: NodeJS.ProcessEnv;
    adminPort: number;
    logFile: string;
    nodeFlags?: readonly string[];
    timeoutMs?: number;
    onSpawn: (process: ProcessId) => void;
  },
): Promise<void> {
  const { env, adminPort, logFile, nodeFlags = [], timeoutMs = 120_000, onSpawn } = options;
  const args = [...nodeFlags, ...nodeArguments(name)];
  const spawned = spawnLogged(process.execPath, args, { logFile, env, onSpawn });
  const ready = async () => {
    const url = `http://127.0.0.1:${adminPort}/readyz`;
    const answer = await fetch(url, { signal: AbortSignal.timeout(5_000) });
    if (!answer.ok) throw new Error(await answer.text());
  };
  await waitUntil(name, ready, { timeoutMs, process: spawned, logFile });
}

/**
 * A minute for a broker to end and three for it to start, as rabbitmq.ts has it, and one more: chaos starts
 * processes while it restarts what they wait for.
 */
const READY_MS = 300_000;

/** Starts one process on free ports, ready, to be killed and started again. */
export async function startProcess(
  name: ProcessName,
  surroundings: Surroundings,
  urls: { cart: string; catalog: string },
  settings: NodeJS.ProcessEnv,
  logFile: string,
  nodeFlags: readonly string[] = [],
): Promise<Running> {
  const [port, adminPort] = [await freePort(), await freePort()];
  const user = { PATH: process.env.PATH, ...settings };
  const env = environmentOf(name, surroundings, { port, adminPort, ...urls }, user);
  const adminUrl = `http://127.0.0.1:${adminPort}`;
  let running: ProcessId = NOT_STARTED;
  const start = async () => {
    const onSpawn = (spawned: ProcessId) => {
      running = spawned;
      watch(spawned);
    };
    await spawnReady(name, { env, adminPort, logFile, nodeFlags, timeoutMs: READY_MS, onSpawn });
  };
  await start();
  return {
    name,
    url: `http://127.0.0.1:${port}`,
    adminUrl,
    logFile,
    get pid() {
      return running.pid;
    },
    kill: async (signal) => {
      send(running, "SIGCONT");
      await endProcess(running, signal);
    },
    signal: (signal) => send(running, signal),
    start,
  };
}
