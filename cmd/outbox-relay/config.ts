import { z } from "zod";
import { amqpUrl } from "../../internal/platform/amqp/amqp-url.ts";
import { readEnvOrExit } from "../../internal/platform/config/env.ts";
import { integer, milliseconds, processFields } from "../../internal/platform/config/fields.ts";
import { redisUrl } from "../../internal/platform/redis/redis-url.ts";
import { databaseUrl } from "../../internal/platform/sql/database-url.ts";

const schema = z.object({
  ...processFields,
  REDIS_URL: redisUrl(),
  REDIS_TIMEOUT_MS: milliseconds(10, 60_000).default(2_000),
  DATABASE_URL: databaseUrl(),
  AMQP_URL: amqpUrl(),
  AMQP_EXCHANGE: z.string().min(1).max(127).default("cart.events"),
  AMQP_ADDRESS_VERSION: z.enum(["auto", "v1", "v2"]).default("auto"),
  AMQP_SEND_TIMEOUT_MS: milliseconds(100, 300_000).default(10_000),
  CART_SHARDS: integer(1, 1_024).default(64),
  RELAY_LEASE_MS: milliseconds(500, 300_000).default(10_000),
  RELAY_WINDOW: integer(1, 2_000).default(128),
  RELAY_MAX_ATTEMPTS: integer(1, 1_000).default(10),
  RELAY_RETRY_MS: milliseconds(1, 30_000).default(100),
  RELAY_POLL_MS: milliseconds(1, 60_000).default(100),
  SWEEP_INTERVAL_MS: milliseconds(10, 60_000).default(500),
  SWEEP_AGE_MS: milliseconds(0, 600_000).default(1_000),
  OUTBOX_COMMIT_TIMEOUT_MS: milliseconds(1, 60_000).default(5_000),
  OUTBOX_RETENTION_SECONDS: integer(0, 31_536_000).default(86_400),
  OUTBOX_PURGE_INTERVAL_MS: milliseconds(10, 86_400_000).default(60_000),
});

export type Config = z.infer<typeof schema>;

export const readConfig = (): Config => readEnvOrExit(schema, process.env);
