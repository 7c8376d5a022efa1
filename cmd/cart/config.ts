import { z } from "zod";
import { authorityFile, authorityNeedsTls } from "../../internal/platform/config/authority.ts";
import { readEnvOrExit } from "../../internal/platform/config/env.ts";
import {
  currency,
  integer,
  milliseconds,
  port,
  secret,
  serviceFields,
  url,
} from "../../internal/platform/config/fields.ts";
import { keysDir, requireKeys } from "../../internal/platform/identity/open-key-ring.ts";
import { redisUrl } from "../../internal/platform/redis/redis-url.ts";
import { databaseUrl } from "../../internal/platform/sql/database-url.ts";

export const schema = z
  .object({
    ...serviceFields,
    PORT: port().describe("port of the cart's API, for the gateway; 0 takes a free one"),
    REDIS_URL: redisUrl(),
    REDIS_CA_FILE: authorityFile()
      .optional()
      .describe("a PEM file with the authorities to trust for `rediss://`; without it those of Node"),
    REDIS_TIMEOUT_MS: milliseconds(10, 60_000)
      .default(1_000)
      .describe("ms to wait for an answer of Redis before a request fails"),
    DATABASE_URL: databaseUrl(),
    CATALOG_URL: url("http:", "https:").describe("base URL of the catalog"),
    CATALOG_TIMEOUT_MS: milliseconds(10, 60_000)
      .default(2_000)
      .describe("ms to wait for an answer of the catalog"),
    CATALOG_CACHE_TTL_MS: milliseconds(0, 60_000)
      .default(1_000)
      .describe("ms for which a product's description is taken from memory; 0 asks every time"),
    INTERNAL_TOKEN_SECRET: secret()
      .optional()
      .describe("the secret by which the gateway signs whose request it is; required without the next"),
    INTERNAL_TOKEN_KEYS_DIR: keysDir()
      .optional()
      .describe(
        "a folder with such secrets in the files `current` and `previous`, which may change while the process runs",
      ),
    TOKEN_CACHE_ENTRIES: integer(1, 1_000_000)
      .default(50_000)
      .describe("how many of the gateway's tokens are remembered once they are verified, some 1 kB each"),
    CART_SHARDS: integer(1, 1_024)
      .default(64)
      .describe("into how many shards carts are divided; fixed for the life of the data"),
    CART_TTL_SECONDS: integer(1, 31_536_000)
      .default(1_800)
      .describe("s from a cart's last change to its expiry"),
    CART_EXPIRY_GRACE_SECONDS: integer(1, 604_800)
      .default(3_600)
      .describe("s for which Redis keeps an expired cart, so that its event can be written"),
    CART_MAX_LINES: integer(1, 500).default(100).describe("most different products in a cart"),
    CART_MAX_QUANTITY: integer(1, 1_000_000).default(999).describe("most pieces of one product in a cart"),
    CART_CURRENCY: currency().describe("the currency of every price, by ISO 4217"),
    ORDER_STORE_TIMEOUT_MS: milliseconds(100, 60_000)
      .default(5_000)
      .describe("ms to wait for the database to write or read an order before a request fails"),
    OUTBOX_COMMIT_TIMEOUT_MS: milliseconds(1, 60_000)
      .default(500)
      .describe("ms that an answer waits for its event to be in SQL, before it says `staged`"),
  })
  .superRefine((config, context) => requireKeys(config, context, "INTERNAL_TOKEN"), { when: () => true })
  .superRefine(authorityNeedsTls("REDIS", "rediss"), { when: () => true });

export type Config = z.infer<typeof schema>;

export const readConfig = (): Config => readEnvOrExit(schema, process.env);
