import { Redis } from "ioredis";
import { connectTo, type DatabaseServer, type Sql } from "../../testkit/servers/database.ts";
import type { RabbitServer } from "../../testkit/servers/rabbitmq.ts";
import type { RedisServer } from "../../testkit/servers/redis.ts";
import type { Samples } from "./measures.ts";
import { lookOutside } from "./outside.ts";

/** Redis, the database and the broker under observation. */
export interface WatchedServers {
  record(samples: Samples, at: number): Promise<void>;
  close(): Promise<void>;
}

interface Queue {
  readonly messages?: number;
}

const CONNECTIONS = {
  postgres: "SELECT count(*) AS n FROM pg_stat_activity WHERE datname = current_database()",
  sqlserver: "SELECT COUNT(*) AS n FROM sys.dm_exec_sessions WHERE database_id = DB_ID()",
};

/** Opens one connection to each; they count in what is measured, from the first sample on. */
export async function watchServers(
  redis: RedisServer,
  server: DatabaseServer,
  rabbit: RabbitServer,
): Promise<WatchedServers> {
  const redisClient = new Redis(redis.url);
  const database = connectTo(server.url);
  const info = async (section: string, field: string) => {
    const text = await redisClient.info(section);
    return Number(new RegExp(`^${field}:(\\d+)`, "m").exec(text)?.[1]);
  };
  const numberOf = async (sql: Sql) => Number((await database.rows<{ n: unknown }>(sql))[0]?.n);
  return {
    record: async (samples, at) => {
      const outside = lookOutside(redis.pid);
      samples.record("redis", at, {
        rss: outside.rss,
        "Redis memory": await info("memory", "used_memory"),
        "Redis clients": await info("clients", "connected_clients"),
        "Redis keys": await redisClient.dbsize(),
      });
      samples.record("database", at, {
        "database connections": await numberOf(CONNECTIONS),
        "outbox rows": await numberOf("SELECT count(*) AS n FROM outbox_event"),
      });
      const connections = (await rabbit.manage("GET", "connections")) as unknown[];
      const queues = (await rabbit.manage("GET", "queues")) as Queue[];
      samples.record("broker", at, {
        "rss, not judged": lookOutside(rabbit.pid).rss,
        "broker connections": connections.length,
        "broker messages": queues.reduce((sum, { messages = 0 }) => sum + messages, 0),
      });
    },
    close: async () => {
      redisClient.disconnect();
      await database.close();
    },
  };
}
