import { z } from "zod";
import { readEnvOrExit } from "../../internal/platform/config/env.ts";
import {
  integer,
  milliseconds,
  port,
  processFields,
  secret,
  url,
} from "../../internal/platform/config/fields.ts";
import { redisUrl } from "../../internal/platform/redis/redis-url.ts";
import { databaseUrl } from "../../internal/platform/sql/database-url.ts";

const schema = z.object({
  ...processFields,
  PORT: port(),
  REDIS_URL: redisUrl(),
  REDIS_TIMEOUT_MS: milliseconds(10, 60_000).default(1_000),
  DATABASE_URL: databaseUrl(),
  CATALOG_URL: url("http:", "https:"),
  CATALOG_TIMEOUT_MS: milliseconds(10, 60_000).default(500),
  CATALOG_CACHE_TTL_MS: milliseconds(0, 60_000).default(1_000),
  INTERNAL_TOKEN_SECRET: secret(),
  CART_SHARDS: integer(1, 1_024).default(64),
  CART_TTL_SECONDS: integer(1, 31_536_000).default(1_800),
  CART_EXPIRY_GRACE_SECONDS: integer(1, 604_800).default(3_600),
  CART_MAX_LINES: integer(1, 500).default(100),
  CART_MAX_QUANTITY: integer(1, 1_000_000).default(999),
  CART_CURRENCY: z
    .string()
    .regex(/^[A-Z]{3}$/, "must be a currency of three capital letters")
    .default("EUR"),
  OUTBOX_COMMIT_TIMEOUT_MS: milliseconds(1, 60_000).default(500),
});

export type Config = z.infer<typeof schema>;

export const readConfig = (): Config => readEnvOrExit(schema, process.env);
