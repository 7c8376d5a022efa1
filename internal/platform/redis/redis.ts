import type { Socket } from "node:net";
import { Cluster, Redis } from "ioredis";
import type { Logger } from "../logger/logger.ts";
import { corkWrites } from "../net/cork.ts";
import type { RedisAddress } from "./redis-url.ts";

/** A connection to one Redis or to a cluster; scripts and commands work the same on both. */
export type RedisConnection = Redis | Cluster;

/**
 * Opens a connection that tells the truth about a lost Redis: a command fails at once while there is no
 * connection, after `commandTimeoutMs` when Redis does not answer, and is never sent a second time by the
 * driver, because its first sending may have taken effect. Reconnects for ever in the background. A loss and
 * a recovery are logged once each. Does not wait for the connection: see {@link checkRedis}.
 */
export function connectRedis(
  address: RedisAddress,
  options: { log: Logger; commandTimeoutMs: number },
): RedisConnection {
  const { log, commandTimeoutMs } = options;
  const common = {
    protocol: 2 as const,
    enableOfflineQueue: false,
    autoResendUnfulfilledCommands: false,
    // ioredis leaves the failure of its own subscribing unhandled, which would end the process.
    autoResubscribe: false,
    maxRetriesPerRequest: 0,
    commandTimeout: commandTimeoutMs,
    connectTimeout: 2_000,
    // The server is no longer, or not yet, the one to talk to: connect again, and send nothing twice.
    reconnectOnError: (error: Error) => (NOT_THE_MASTER.test(error.message) ? (1 as const) : false),
    ...(address.username !== undefined && { username: address.username }),
    ...(address.password !== undefined && { password: address.password }),
    ...(address.tls && { tls: address.ca === undefined ? {} : { ca: address.ca } }),
  };
  const retry = (times: number) => Math.min(50 * times, 1_000);
  const connection: RedisConnection =
    address.nodes.length > 1
      ? new Cluster([...address.nodes], {
          enableOfflineQueue: false,
          clusterRetryStrategy: retry,
          slotsRefreshTimeout: 2_000,
          redisOptions: common,
        })
      : new Redis({ ...common, ...address.nodes[0]!, retryStrategy: retry });
  gatherCommands(connection);
  let down = false;
  connection.on("error", (err: Error) => {
    if (!down) log.warn({ err }, "Redis connection lost or refused");
    down = true;
  });
  connection.on("ready", () => {
    if (down) log.info("Redis connection is back");
    down = false;
  });
  return connection;
}

/**
 * Sends the commands of one turn of the event loop in one packet. Unlike ioredis' autopipelining
 * this waits for no earlier answer, and it takes a fifth off the CPU of a request.
 */
function gatherCommands(connection: RedisConnection): void {
  if (connection instanceof Cluster) connection.on("+node", gatherCommands);
  else connection.on("connect", () => corkWrites(connection.stream as Socket, "turn"));
}

/** Answers of a server that was demoted, is loading its data, or has lost its master or its cluster. */
const NOT_THE_MASTER = /^(READONLY|LOADING|MASTERDOWN|CLUSTERDOWN) /;

/**
 * For readiness: resolves when Redis answers as one that takes changes; rejects with the reason when it is
 * a replica, or a node of a cluster that was given as a single server, which would refuse most keys.
 */
export async function checkRedis(redis: RedisConnection): Promise<void> {
  const info = String(await redis.info());
  if (/^role:slave\r?$/m.test(info)) throw new Error("this Redis is a replica and takes no changes");
  if (!(redis instanceof Cluster) && /^cluster_enabled:1\r?$/m.test(info))
    throw new Error("this Redis is a node of a cluster: REDIS_URL must name several, host:port after commas");
}

/** Resolves once the connection is usable; rejects when `timeoutMs` pass first. */
export async function awaitRedis(redis: RedisConnection, timeoutMs: number): Promise<void> {
  if (redis.status === "ready") return;
  await new Promise<void>((resolve, reject) => {
    const onReady = () => {
      clearTimeout(timer);
      resolve();
    };
    const timer = setTimeout(() => {
      redis.off("ready", onReady);
      reject(new Error(`Redis did not become ready within ${timeoutMs} ms`));
    }, timeoutMs);
    redis.once("ready", onReady);
  });
}

/** Lets commands under way finish, then disconnects; a Redis that does not answer is left at once. */
export async function closeRedis(redis: RedisConnection): Promise<void> {
  try {
    await redis.quit();
  } catch {
    // Not connected, or no answer: there is nothing to finish, and disconnecting is all that is left.
    redis.disconnect();
  }
}
