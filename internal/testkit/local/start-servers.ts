import { createHash } from "node:crypto";
import { existsSync, lstatSync, mkdirSync } from "node:fs";
import { dirname, join } from "node:path";
import type { DevSecrets } from "../processes/dev-keys.ts";
import { startPostgres } from "../servers/postgres.ts";
import { reachableDir } from "../servers/postgres-data.ts";
import { startRabbit } from "../servers/rabbitmq.ts";
import { rabbitRelease } from "../servers/rabbitmq-release.ts";
import { startRedis } from "../servers/redis.ts";
import { redisCommand } from "../servers/redis-release.ts";
import type { Given } from "./given-servers.ts";
import { portFor, startPart } from "./start-part.ts";
import { RUN_DIR, runningOf, type State, writeState } from "./state.ts";
import { settledFor } from "./variables.ts";

/** Starts the servers that do not run yet, and notes how to reach them. What is given is used instead. */
export async function startServers(
  state: State,
  secrets: DevSecrets,
  { sqlServerUrl, amqpUrl }: Given,
): Promise<void> {
  if (!runningOf(state, "redis")) await redis(state, secrets);
  if (sqlServerUrl !== null) {
    state.ownerUrl = sqlServerUrl;
    state.databaseUrl = sqlServerUrl;
    writeState(state);
  } else if (!runningOf(state, "postgres")) await postgres(state);
  if (amqpUrl === null && !runningOf(state, "rabbitmq")) await rabbit(state);
}

/** Full, Redis refuses changes; reads and removals go on, and no cart disappears. */
const REDIS_SETTINGS = { maxmemory: "1gb" };

async function redis(state: State, secrets: DevSecrets): Promise<void> {
  const dir = join(RUN_DIR, "redis");
  const port = await portFor(state, "redis", 27_379);
  const variables = await settledFor(state, "redis", process.env);
  const logFile = join(dir, "redis.log");
  const part = { name: "redis", port, logFile, signal: "SIGTERM", variables } as const;
  await startPart(state, part, async (onSpawn) => {
    const server = await startRedis({
      dir,
      port,
      password: secrets.redisPassword,
      settings: REDIS_SETTINGS,
      command: redisCommand(variables.REDIS),
      onSpawn,
    });
    state.redisUrl = server.url;
  });
}

async function postgres(state: State): Promise<void> {
  const dir = postgresDir(state);
  const port = await portFor(state, "postgres", 27_432);
  const part = { name: "postgres", port, logFile: join(dir, "postgres.log"), signal: "SIGINT" } as const;
  await startPart(state, part, async (onSpawn) => {
    const server = await startPostgres({ dir, port, onSpawn });
    state.ownerUrl = server.url;
    state.databaseUrl = server.appUrl;
  });
}

/** PostgreSQL's user cannot enter every folder: a checkout under /root, for one. */
function postgresDir(state: State): string {
  const checkout = createHash("sha256").update(RUN_DIR).digest("hex").slice(0, 12);
  const elsewhere = `/var/tmp/cartwright-${checkout}/postgres`;
  const dir = existsSync(elsewhere) ? elsewhere : reachableDir(join(RUN_DIR, "postgres"), elsewhere);
  if (dir === elsewhere) {
    // Anyone may make folders there: one that somebody else made could be exchanged under us.
    mkdirSync(dirname(elsewhere), { recursive: true, mode: 0o711 });
    const { uid } = lstatSync(dirname(elsewhere));
    if (uid !== process.getuid?.()) throw new Error(`${dirname(elsewhere)} belongs to somebody else`);
    console.log(`    PostgreSQL's data lie in ${dir}: its user cannot enter ${RUN_DIR}`);
    state.postgresDir = dir;
  }
  return dir;
}

async function rabbit(state: State): Promise<void> {
  const dir = join(RUN_DIR, "rabbitmq");
  const port = await portFor(state, "rabbitmq", 27_672);
  state.rabbitDir = dir;
  delete state.givenAmqpUrl;
  const variables = await settledFor(state, "rabbitmq", process.env);
  const logFile = join(dir, "rabbitmq.log");
  const part = { name: "rabbitmq", port, logFile, signal: "SIGTERM", variables } as const;
  await startPart(state, part, async (onSpawn) => {
    const release = rabbitRelease(variables.RABBITMQ);
    const queueType = release.major === 4 ? "quorum" : "classic";
    const server = await startRabbit({
      dir,
      amqpPort: port,
      managementPort: 27_673,
      release,
      queueType,
      onSpawn,
    });
    const { relayUrl, consumerUrl, managementUrl, metricsUrl: rabbitMetricsUrl } = server;
    Object.assign(state, { relayUrl, consumerUrl, managementUrl, rabbitMetricsUrl });
  });
}
