import { z } from "zod";
import { amqpUrl } from "../../internal/platform/amqp/amqp-url.ts";
import { authorityFile, authorityNeedsTls } from "../../internal/platform/config/authority.ts";
import { readEnvOrExit } from "../../internal/platform/config/env.ts";
import { currency, integer, milliseconds, serviceFields } from "../../internal/platform/config/fields.ts";
import { redisUrl } from "../../internal/platform/redis/redis-url.ts";
import { databaseUrl } from "../../internal/platform/sql/database-url.ts";

export const schema = z
  .object({
    ...serviceFields,
    REDIS_URL: redisUrl(),
    REDIS_CA_FILE: authorityFile()
      .optional()
      .describe("a PEM file with the authorities to trust for `rediss://`; without it those of Node"),
    REDIS_TIMEOUT_MS: milliseconds(10, 60_000).default(2_000).describe("ms to wait for an answer of Redis"),
    DATABASE_URL: databaseUrl(),
    AMQP_URL: amqpUrl(),
    AMQP_CA_FILE: authorityFile()
      .optional()
      .describe("a PEM file with the authorities to trust for `amqps://`; without it those of Node"),
    AMQP_EXCHANGE: z
      .string()
      .min(1)
      .max(127)
      .default("cart.events")
      .describe("the topic exchange to publish to; it must exist"),
    AMQP_ADDRESS_VERSION: z
      .enum(["auto", "v1", "v2"])
      .default("auto")
      .describe("how the broker names exchanges: v1 is RabbitMQ 3's way, v2 that of 4"),
    AMQP_SEND_TIMEOUT_MS: milliseconds(100, 300_000)
      .default(10_000)
      .describe("ms that a message may stay unanswered before the connection is given up"),
    CART_SHARDS: integer(1, 1_024)
      .default(64)
      .describe("into how many shards carts are divided; the same as the cart's"),
    CART_CURRENCY: currency().describe("the currency of every price, by ISO 4217; the same as the cart's"),
    CART_EXPIRING_NOTICE_SECONDS: integer(0, 31_536_000)
      .default(0)
      .describe(
        "s before a cart's end at which `cart.expiring` tells of it; less than the cart's CART_TTL_SECONDS; 0 for never",
      ),
    RELAY_LEASE_MS: milliseconds(500, 300_000)
      .default(10_000)
      .describe("ms for which a relay holds a partition without renewing: how long a dead one is waited for"),
    RELAY_WINDOW: integer(1, 2_000).default(128).describe("most events in flight at the broker"),
    RELAY_MAX_ATTEMPTS: integer(1, 1_000)
      .default(10)
      .describe("refusals of a message after which its event is parked as dead"),
    RELAY_RETRY_MS: milliseconds(1, 30_000)
      .default(100)
      .describe("ms of the first pause after a refusal; it doubles up to 30 s"),
    RELAY_POLL_MS: milliseconds(1, 60_000)
      .default(100)
      .describe("ms between looks at every partition while nothing is notified"),
    SWEEP_INTERVAL_MS: milliseconds(10, 60_000)
      .default(500)
      .describe("ms between sweeps of staged events, of carts, of orders and of merges"),
    SWEEP_AGE_MS: milliseconds(0, 600_000)
      .default(1_000)
      .describe("ms after which a staged event is forwarded by the relay instead of the cart"),
    OUTBOX_COMMIT_TIMEOUT_MS: milliseconds(1, 60_000)
      .default(5_000)
      .describe("ms that a commit of swept events may take before the database counts as away"),
    OUTBOX_RETENTION_SECONDS: integer(0, 31_536_000)
      .default(86_400)
      .describe("s for which published events stay in SQL"),
    OUTBOX_DEAD_RETENTION_SECONDS: integer(0, 315_360_000)
      .default(2_592_000)
      .describe("s for which dead events stay in SQL, and hold back their subjects; 0 for ever"),
    OUTBOX_PURGE_INTERVAL_MS: milliseconds(10, 86_400_000)
      .default(60_000)
      .describe("ms between purges of published and of dead events"),
  })
  .superRefine(authorityNeedsTls("REDIS", "rediss"), { when: () => true })
  .superRefine(authorityNeedsTls("AMQP", "amqps"), { when: () => true });

export type Config = z.infer<typeof schema>;

export const readConfig = (): Config => readEnvOrExit(schema, process.env);
