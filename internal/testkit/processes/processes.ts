import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { nodeFlagsOf } from "../../platform/config/node-flags.ts";

/** The long-running processes of the platform. */
export type ProcessName = "catalog-stub" | "cart" | "outbox-relay" | "gateway";

/** Where the processes' servers and secrets are. */
export interface Surroundings {
  readonly redisUrl: string;
  readonly databaseUrl: string;
  readonly amqpUrl: string;
  readonly internalTokenSecret: string;
  readonly sessionSecret: string;
  /** A folder with the folders INTERNAL_TOKEN and SESSION, whose keys are used instead of the two secrets. */
  readonly keysDir?: string;
  /** A file with the JWK set of whoever signs users' tokens. */
  readonly jwksFile: string;
  readonly catalogAdminToken?: string;
}

export const DEV_ISSUER = "https://cartwright.local";
export const DEV_AUDIENCE = "cartwright";

/** What Node is called with to run a long-running process. */
export function nodeArguments(name: ProcessName): readonly string[] {
  return [...nodeFlagsOf(name), mainOf(name)];
}

/** The main file of a process. */
export function mainOf(name: ProcessName | "migrate" | "outbox-admin"): string {
  return fileURLToPath(new URL(`../../../cmd/${name}/main.ts`, import.meta.url));
}

/**
 * Settings that a user may put into the environment of `make
 * up`; the processes that read them get them as they are.
 */
const PASSED_ON =
  /^(CART_(TTL_SECONDS|EXPIRY_GRACE_SECONDS|EXPIRING_NOTICE_SECONDS|SHARDS|MAX_LINES|MAX_QUANTITY|CURRENCY)|CATALOG_(TIMEOUT_MS|CACHE_[A-Z_]+|STALE_WAIT_MS|SEED)|OUTBOX_[A-Z_]+|ORDER_[A-Z_]+|RELAY_[A-Z_]+|SWEEP_[A-Z_]+|AMQP_(CA_FILE|EXCHANGE|ADDRESS_VERSION|SEND_TIMEOUT_MS)|REDIS_TIMEOUT_MS|UPSTREAM_TIMEOUT_MS|BODY_(LIMIT_BYTES|TIMEOUT_MS)|BODIES_TOTAL_BYTES|HEADERS_TIMEOUT_MS|CONNECTIONS_(TOTAL|PER_ADDRESS)|RATE_LIMIT_[A-Z_]+|TRUSTED_PROXIES|CORS_ORIGINS|HSTS_SECONDS|TOKEN_CACHE_ENTRIES|ACCESS_TOKEN_TTL_SECONDS|REFRESH_TOKEN_(TTL|GRACE)_SECONDS|LOG_LEVEL|OTEL_[A-Z_]+|SHUTDOWN_[A-Z_]+)$/;

export const isPassedOn = (name: string): boolean => PASSED_ON.test(name);

/** A purpose's keys: the folder below `keysDir` where there is one, else the secret that never changes. */
function keysOf(purpose: "INTERNAL_TOKEN" | "SESSION", surroundings: Surroundings): NodeJS.ProcessEnv {
  const { keysDir, internalTokenSecret, sessionSecret } = surroundings;
  if (keysDir !== undefined) return { [`${purpose}_KEYS_DIR`]: join(keysDir, purpose) };
  return { [`${purpose}_SECRET`]: purpose === "SESSION" ? sessionSecret : internalTokenSecret };
}

/** What `make up` makes itself, and cannot take from its environment. */
const MADE_HERE =
  /^(REDIS_(URL|CA_FILE)|CATALOG_(URL|ADMIN_TOKEN)|CART_(FALLBACK_)?URL|(INTERNAL_TOKEN|SESSION)_(SECRET|KEYS_DIR)|JWT_[A-Z]+)(_FILE)?$/;

/** Throws where the environment sets what `make up` would ignore in silence. */
export function refuseIgnored(user: NodeJS.ProcessEnv): void {
  const ignored = Object.keys(user).filter((name) => user[name] && MADE_HERE.test(name));
  if (ignored.length === 0) return;
  throw new Error(`make up runs what ${ignored.join(", ")} would name itself; leave it out, or unset it.`);
}

/** The environment of one process: only what it needs, so that no process sees another's secrets. */
export function environmentOf(
  name: ProcessName,
  surroundings: Surroundings,
  urls: { port: number; adminPort: number; cart: string; catalog: string },
  user: NodeJS.ProcessEnv = process.env,
): NodeJS.ProcessEnv {
  const passed = Object.fromEntries(Object.entries(user).filter(([key]) => isPassedOn(key)));
  const common = { PATH: user.PATH, HOST: "127.0.0.1", ADMIN_PORT: String(urls.adminPort), ...passed };
  const port = { PORT: String(urls.port) };
  switch (name) {
    case "catalog-stub":
      return {
        ...common,
        ...port,
        ...(surroundings.catalogAdminToken !== undefined && {
          CATALOG_ADMIN_TOKEN: surroundings.catalogAdminToken,
        }),
      };
    case "cart":
      return {
        ...common,
        ...port,
        REDIS_URL: surroundings.redisUrl,
        DATABASE_URL: surroundings.databaseUrl,
        CATALOG_URL: urls.catalog,
        ...keysOf("INTERNAL_TOKEN", surroundings),
      };
    case "outbox-relay":
      return {
        ...common,
        REDIS_URL: surroundings.redisUrl,
        DATABASE_URL: surroundings.databaseUrl,
        AMQP_URL: surroundings.amqpUrl,
      };
    case "gateway":
      return {
        ...common,
        ...port,
        CART_URL: urls.cart,
        CATALOG_URL: urls.catalog,
        REDIS_URL: surroundings.redisUrl,
        ...keysOf("INTERNAL_TOKEN", surroundings),
        ...keysOf("SESSION", surroundings),
        JWT_JWKS: surroundings.jwksFile,
        JWT_ISSUER: DEV_ISSUER,
        JWT_AUDIENCE: DEV_AUDIENCE,
        JWT_ALGORITHMS: "ES256",
      };
  }
}
