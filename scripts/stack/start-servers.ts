import { createHash } from "node:crypto";
import { join } from "node:path";
import { portNear } from "../servers/free-port.ts";
import { reachableDir, startPostgres } from "../servers/postgres.ts";
import { startRabbit } from "../servers/rabbitmq.ts";
import { startRedis } from "../servers/redis.ts";
import type { DevSecrets } from "./dev-keys.ts";
import { note, RUN_DIR, runningOf, type State, writeState } from "./state.ts";
import { step } from "./steps.ts";

/** The port a part had before, or `wanted` when it is free, or any. */
export async function portFor(state: State, name: string, wanted: number): Promise<number> {
  state.ports[name] ??= await portNear(wanted);
  return state.ports[name];
}

/** Starts the servers that do not run yet, and notes how to reach them. */
export async function startServers(
  state: State,
  secrets: DevSecrets,
  sqlServerUrl: string | null,
): Promise<void> {
  if (!runningOf(state, "redis")) {
    await step("start Redis", async () => {
      const port = await portFor(state, "redis", 27_379);
      const dir = join(RUN_DIR, "redis");
      const server = await startRedis({ dir, port, password: secrets.redisPassword });
      state.redisUrl = server.url;
      note(state, {
        name: "redis",
        pid: server.pid,
        port,
        logFile: join(dir, "redis.log"),
        signal: "SIGTERM",
      });
    });
  }
  if (sqlServerUrl !== null) {
    state.ownerUrl = sqlServerUrl;
    state.databaseUrl = sqlServerUrl;
    writeState(state);
  } else if (!runningOf(state, "postgres")) {
    await step("start PostgreSQL", async () => {
      const port = await portFor(state, "postgres", 27_432);
      const name = createHash("sha256").update(RUN_DIR).digest("hex").slice(0, 12);
      const dir = reachableDir(join(RUN_DIR, "postgres"), `/var/tmp/cartwright-${name}/postgres`);
      const server = await startPostgres({ dir, port });
      state.ownerUrl = server.url;
      state.databaseUrl = server.appUrl;
      note(state, {
        name: "postgres",
        pid: server.pid,
        port,
        logFile: join(dir, "postgres.log"),
        signal: "SIGINT",
      });
    });
  }
  if (!runningOf(state, "rabbitmq")) {
    await step("start RabbitMQ", async () => {
      const port = await portFor(state, "rabbitmq", 27_672);
      const dir = join(RUN_DIR, "rabbitmq");
      const server = await startRabbit({ dir, amqpPort: port });
      const { relayUrl, consumerUrl, managementUrl } = server;
      Object.assign(state, { relayUrl, consumerUrl, managementUrl, rabbitDir: dir });
      note(state, {
        name: "rabbitmq",
        pid: server.pid,
        port,
        logFile: join(dir, "rabbitmq.log"),
        signal: "SIGTERM",
      });
    });
  }
}
