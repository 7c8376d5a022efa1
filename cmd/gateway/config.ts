import { z } from "zod";
import { readKeySource } from "../../internal/gateway/identity/user-keys.ts";
import { authorityFile, authorityNeedsTls } from "../../internal/platform/config/authority.ts";
import { readEnvOrExit } from "../../internal/platform/config/env.ts";
import { integer, milliseconds, port, secret, serviceFields } from "../../internal/platform/config/fields.ts";
import { CHECKOUT_BODY_BYTES } from "../../internal/platform/http/body-limits.ts";
import { keysDir, requireKeys } from "../../internal/platform/identity/open-key-ring.ts";
import { isNetwork } from "../../internal/platform/net/networks.ts";
import { redisUrl } from "../../internal/platform/redis/redis-url.ts";
import { ASYMMETRIC, isOrigin, quota, upstreamUrl, upstreamUrls } from "./config-fields.ts";

const GROUP = ["JWT_JWKS", "JWT_ISSUER", "JWT_AUDIENCE", "JWT_ALGORITHMS"] as const;

export const schema = z
  .object({
    ...serviceFields,
    PORT: port().describe("port of the public API; 0 takes a free one"),
    CART_URL: upstreamUrls().describe(
      "base URL of the cart service, or several with commas; each address of a name is one of its replicas",
    ),
    CART_FALLBACK_URL: upstreamUrl()
      .optional()
      .describe(
        "a URL of the cart service by a load balancer, asked while no address of `CART_URL` answers, as when DNS is late",
      ),
    CART_SHARDS: integer(1, 1_024)
      .default(64)
      .describe(
        "the cart's `CART_SHARDS`: requests of one shard go to one replica; another number only costs",
      ),
    CATALOG_URL: upstreamUrls().describe("base URL of the catalog, or several, likewise"),
    INTERNAL_TOKEN_SECRET: secret()
      .optional()
      .describe(
        "the secret by which requests to the cart are signed, as the cart's; required without the next",
      ),
    INTERNAL_TOKEN_KEYS_DIR: keysDir()
      .optional()
      .describe(
        "instead of it, a folder with the files `current` and `previous`, which may change while the process runs",
      ),
    SESSION_SECRET: secret()
      .optional()
      .describe("the secret by which guests' tokens are signed, another one; required without the next"),
    SESSION_KEYS_DIR: keysDir()
      .optional()
      .describe(
        "instead of it, a folder with the files `current` and `previous`, which may change while the process runs",
      ),
    ACCESS_TOKEN_TTL_SECONDS: integer(1, 86_400)
      .default(900)
      .describe("s for which a guest's access token is valid"),
    REFRESH_TOKEN_TTL_SECONDS: integer(1, 31_536_000)
      .default(86_400)
      .describe("s after which a guest's session ends, however often it was refreshed"),
    REFRESH_TOKEN_GRACE_SECONDS: integer(0, 60)
      .default(30)
      .describe(
        "s for which a refresh token that was used gives the same answer again; used later, it ends the session",
      ),
    JWT_JWKS: z
      .string()
      .transform((jwks, context) => {
        try {
          return readKeySource(jwks);
        } catch (cause) {
          const message = `must be an http(s) URL, or a file with a JWK set: ${(cause as NodeJS.ErrnoException).code ?? "no such set"}`;
          context.addIssue({ code: "custom", message });
          return z.NEVER;
        }
      })
      .optional()
      .describe(
        "the keys of whoever signs users' tokens: URL or file of a JWK set; without it there are guests alone",
      ),
    JWT_ISSUER: z.string().min(1).optional().describe("`iss` of users' tokens; needed with `JWT_JWKS`"),
    JWT_AUDIENCE: z.string().min(1).optional().describe("`aud` of users' tokens; needed with `JWT_JWKS`"),
    JWT_ALGORITHMS: z
      .string()
      .transform((list) => list.split(","))
      .refine(
        (list) => list.every((name) => ASYMMETRIC.test(name)),
        "must be asymmetric algorithms such as ES256,RS256",
      )
      .optional()
      .describe("algorithms that users' tokens may have, such as `ES256,RS256`; needed with `JWT_JWKS`"),
    TOKEN_CACHE_ENTRIES: integer(1, 1_000_000)
      .default(50_000)
      .describe("how many verified tokens are remembered, and as many for the cart, some 1 kB each"),
    UPSTREAM_TIMEOUT_MS: milliseconds(10, 600_000)
      .default(10_000)
      .describe("ms to wait for an answer of cart or catalog"),
    CATALOG_CACHE_BYTES: integer(0, 1_073_741_824)
      .default(33_554_432)
      .describe("bytes of the catalog's answers that are kept at most; 0 keeps none and only passes them on"),
    CATALOG_CACHE_ENTRY_BYTES: integer(1_024, 8_388_608)
      .default(1_048_576)
      .describe("bytes of the answers to one URL of the catalog that are kept at most"),
    CATALOG_CACHE_ENTRIES: integer(1, 1_000_000)
      .default(10_000)
      .describe("URLs of the catalog whose answers are kept at most"),
    CATALOG_STALE_WAIT_MS: milliseconds(1, 60_000)
      .default(500)
      .describe(
        "ms to wait for the catalog before a stale answer is given, where the catalog's `stale-if-error` allows it",
      ),
    BODY_LIMIT_BYTES: integer(1_024, 10_485_760)
      .default(65_536)
      .describe(
        `most bytes of a request's body; a checkout may have ${CHECKOUT_BODY_BYTES} whatever this is`,
      ),
    BODY_TIMEOUT_MS: milliseconds(10, 30_000)
      .default(10_000)
      .describe("ms in which a request's body must be there whole"),
    BODIES_TOTAL_BYTES: integer(262_144, 1_073_741_824)
      .default(16_777_216)
      .describe(
        "most bytes of the bodies of all requests under way; beyond it those that have been coming for longest are told OUT_OF_BODY_MEMORY",
      ),
    HEADERS_TIMEOUT_MS: milliseconds(10, 30_000)
      .default(10_000)
      .describe("ms in which a request's headers must be there whole"),
    CONNECTIONS_TOTAL: integer(1, 1_000_000)
      .default(2_500)
      .describe("most connections of clients at once; beyond it they are told OUT_OF_CONNECTIONS"),
    CONNECTIONS_PER_ADDRESS: integer(1, 1_000_000)
      .default(500)
      .describe(
        "most of them from one address (an IPv6 one's /64 network) that is none of TRUSTED_PROXIES; beyond it they are told TOO_MANY_CONNECTIONS",
      ),
    RATE_LIMIT_OWNER: quota("600/60").describe(
      "`requests/seconds` that one user or guest may send; `off` for no limit",
    ),
    RATE_LIMIT_ADDRESS: quota("6000/60").describe(
      "`requests/seconds` without a valid token from one address, an IPv6 one's /64 network; `off` for no limit",
    ),
    RATE_LIMIT_SESSION: quota("600/60").describe(
      "new, refreshed and revoked sessions as `requests/seconds` from one address, likewise; `off` for no limit",
    ),
    RATE_LIMIT_TIMEOUT_MS: milliseconds(1, 60_000)
      .default(100)
      .describe("ms to wait for Redis before a request's quota is judged without it"),
    RATE_LIMIT_WITHOUT_REDIS: z
      .enum(["fail-open", "fail-closed"])
      .default("fail-open")
      .describe(
        "while Redis does not answer: `fail-open` counts in each gateway alone, `fail-closed` refuses with 503",
      ),
    REDIS_URL: redisUrl().describe(
      "the Redis with the sessions, and in which all gateways count for the limits",
    ),
    REDIS_TIMEOUT_MS: milliseconds(10, 60_000)
      .default(1_000)
      .describe("ms to wait for Redis before a session is refused with 503"),
    REDIS_CA_FILE: authorityFile()
      .optional()
      .describe("a PEM file with the authorities to trust for `rediss://`; without it those of Node"),
    TRUSTED_PROXIES: z
      .string()
      .transform((list) => list.split(",").map((entry) => entry.trim()))
      .refine((list) => list.every(isNetwork), "must be addresses or CIDRs such as 10.0.0.0/8,fd00::/8")
      .default([])
      .describe(
        "addresses and CIDRs of proxies whose X-Forwarded-* and Forwarded are trusted, from right to left; none unless set",
      ),
    CORS_ORIGINS: z
      .string()
      .transform((list) => list.split(",").map((entry) => entry.trim()))
      .refine(
        (list) => list.join() === "*" || list.every(isOrigin),
        "must be origins such as https://shop.example,http://localhost:3000 without a path, or * alone",
      )
      .default([])
      .describe("origins whose pages may call the API from a browser, or `*`; none unless set"),
    HSTS_SECONDS: integer(0, 63_072_000)
      .default(0)
      .describe(
        "s for which browsers are told to come by https alone; 0 leaves that to what ends TLS before the gateway",
      ),
  })
  .superRefine(crossCheck, { when: () => true })
  .superRefine(authorityNeedsTls("REDIS", "rediss"), { when: () => true });

/**
 * What only shows when fields are seen together; runs though
 * single fields are at fault, to name all faults at once.
 */
function crossCheck(config: Record<string, unknown>, context: z.core.$RefinementCtx): void {
  const fault = (name: string, message: string) =>
    context.addIssue({ code: "custom", path: [name], message });
  requireKeys(config, context, "INTERNAL_TOKEN");
  requireKeys(config, context, "SESSION");
  const faulty = new Set(context.issues.map((issue) => issue.path?.[0]));
  for (const form of ["SECRET", "KEYS_DIR"]) {
    const [session, internal] = [`SESSION_${form}`, `INTERNAL_TOKEN_${form}`] as const;
    if (config[session] !== undefined && config[session] === config[internal] && !faulty.has(session)) {
      fault(session, `must differ from ${internal}: each is for one purpose`);
    }
  }
  const [[cart], fallback] = [config.CART_URL ?? [], config.CART_FALLBACK_URL] as [string[], unknown];
  // Connections to both are secured alike, by the certificate of the one address that is asked.
  if (!faulty.has("CART_URL") && !faulty.has("CART_FALLBACK_URL") && typeof fallback === "string")
    if (URL.parse(fallback)?.protocol !== URL.parse(cart ?? "")?.protocol)
      fault("CART_FALLBACK_URL", "must have the protocol of CART_URL");
  const [life, session] = [config.ACCESS_TOKEN_TTL_SECONDS, config.REFRESH_TOKEN_TTL_SECONDS];
  if (typeof life === "number" && typeof session === "number" && session < life)
    fault("REFRESH_TOKEN_TTL_SECONDS", "must be at least ACCESS_TOKEN_TTL_SECONDS");
  const [body, bodies] = [config.BODY_LIMIT_BYTES, config.BODIES_TOTAL_BYTES];
  if (typeof body === "number" && typeof bodies === "number" && bodies < body)
    fault("BODIES_TOTAL_BYTES", "must be at least BODY_LIMIT_BYTES");
  const missing = GROUP.filter((name) => config[name] === undefined && !faulty.has(name));
  if (missing.length === GROUP.length) return;
  for (const name of missing) fault(name, "is needed with the other JWT_ variables; set all or none");
}

export type Config = z.infer<typeof schema>;

export const readConfig = (): Config => readEnvOrExit(schema, process.env);
